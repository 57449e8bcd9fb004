"""Log lines hold nothing of a feed that steers a terminal or a log, and no secret of a URL."""

import logging
from collections.abc import Iterator

import pytest

from flows.cli.command import guarded
from flows.prefect_home.log_lines import keep_lines_inert
from flows.prefect_home.runtime import LOGGERS, let_info_through

HOSTILE = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\x",
    "a\rb",
    "a\x08b",
    "\x9b31m",
    "\x00",
    "\x7f",
    "\u202eabc",
    "\u2066x\u2069",
    "\ufeff",
    "half \ud83d",
    "caf\udce9",
]


class Kept(logging.Handler):
    """What a handler would write."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def kept() -> Iterator[Kept]:
    """A handler at the root, at each of our loggers and at one of others."""
    handler = Kept()
    loggers = [logging.getLogger(name) for name in ("", *LOGGERS, "elsewhere")]
    for logger in loggers:
        logger.addHandler(handler)
    yield handler
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.mark.parametrize(
    "name", ["flows.nightly", "tasks.reading.ingest", "models.x", "validation.run", "elsewhere.x"]
)
def test_no_control_character_reaches_a_handler(kept: Kept, name: str) -> None:
    keep_lines_inert()
    logger = logging.getLogger(name)
    for text in HOSTILE:
        logger.warning("passed over %s: %r of %d", text, text, 3)
        logger.warning(f"passed over {text}")
        logger.warning("columns %(file)s", {"file": text})
        try:
            raise ValueError(text)
        except ValueError:
            logger.exception("the file %s", text)
    assert len(kept.lines) >= 4 * len(HOSTILE)
    for line in kept.lines:
        assert line.replace("\n", "").isprintable()
        line.encode()


def test_a_name_makes_no_second_line_of_our_own(kept: Kept) -> None:
    let_info_through()
    logging.getLogger("tasks.reading.ingest").info(
        "columns of %s: %s", "a\nERROR all is lost", "none"
    )
    assert set(kept.lines) == {"columns of a\\nERROR all is lost: none"}


def test_lines_of_others_and_tracebacks_keep_theirs(kept: Kept) -> None:
    keep_lines_inert()
    logger = logging.getLogger("elsewhere")
    try:
        raise ValueError("a\x1b[31m\nb")
    except ValueError:
        logger.exception("first\nsecond\ttab")
    assert kept.lines[0].startswith("first\nsecond\ttab\nTraceback")
    assert kept.lines[0].endswith("ValueError: a\\x1b[31m\nb")


def test_a_secret_in_a_url_reaches_no_handler(kept: Kept) -> None:
    keep_lines_inert()
    try:
        raise RuntimeError("403 for https://host/f?sig=s3cr3t")
    except RuntimeError as error:
        logging.getLogger("elsewhere").exception("failed: %s", error)
        logging.getLogger("tasks.reading.sources.files").warning("%s", error)
    assert "s3cr3t" not in "".join(kept.lines)
    assert "https://host/f?***" in kept.lines[0]


def test_a_filter_is_put_on_a_handler_once(kept: Kept) -> None:
    keep_lines_inert()
    keep_lines_inert()
    assert len(kept.filters) == 1


def test_prefects_own_handlers_and_the_last_resort_are_covered() -> None:
    import prefect  # noqa: F401 - sets its handlers up
    from prefect.logging.handlers import APILogHandler

    api = APILogHandler()
    logging.getLogger("tasks").addHandler(api)
    try:
        keep_lines_inert()
        assert [type(it).__name__ for it in api.filters] == ["InertLines"]
        last = logging.lastResort
        assert last is not None
        assert [type(it).__name__ for it in last.filters] == ["InertLines"]
    finally:
        logging.getLogger("tasks").removeHandler(api)


def test_a_traceback_on_the_terminal_is_inert_too(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise RuntimeError("a\x1b[31m of https://host/f?sig=s3cr3t")

    with pytest.raises(SystemExit):
        guarded(fail, debug=True)
    shown = capsys.readouterr().err
    assert r"RuntimeError: a\x1b[31m of https://host/f?***" in shown
    assert "Traceback" in shown
    assert "\x1b[31m of" not in shown
    assert "s3cr3t" not in shown
