"""`nightfold check`: the guard without the night."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from flows.cli.command import (
    ConfigOption,
    DebugOption,
    ModalityOption,
    OneOfFeedsOption,
    TonightOption,
    guarded,
    say,
)
from flows.cli.looking.shown import JsonOption, show_json
from validation.errors import FAILED

if TYPE_CHECKING:
    from flows.config import NightlyConfig
    from tasks.operating.check_feed import FeedCheck
    from tasks.operating.trial import Trial

EXAMPLES: Final = (
    "nightfold check export.csv",
    "nightfold check in/ --config nightfold.toml --night 2026-03-01",
)

IMPERFECT: Final = 3
"""Exit code where a night would run, and rows would be refused or a rule warns; 2 is bad usage."""


def check(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    feed: Annotated[
        str | None,
        typer.Argument(help="File, folder, glob or URL: as for `run`; else that of the config."),
    ] = None,
    config: ConfigOption = None,
    night: TonightOption = None,
    feed_name: OneOfFeedsOption = None,
    modality: ModalityOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check a feed as a first night does, and write nothing.

    Exit code 0 if all is well, 1 if a night would stop, 3 if it would run and leave rows out or
    warn.
    """

    def look() -> None:
        from tasks.preparing.checks import INIT_HINT

        with tried(feed, config, night, feed_name, modality=modality) as (_, _, found):
            if as_json:
                show_json(check_told(found))
            else:
                show_check(found)
                if any(it.is_proven_by_init for it in found.verdicts):
                    say(INIT_HINT)
        if found.is_stopped:
            sys.exit(FAILED)
        if found.n_refused or any(found.failures()):
            sys.exit(IMPERFECT)

    guarded(look, debug)


@contextmanager
def tried(
    feed: str | None,
    config: Path | None,
    night: date | None,
    feed_name: str | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
    modality: str | None = None,
) -> "Iterator[tuple[NightlyConfig, Trial, FeedCheck]]":
    """Read and check a feed for as long as the context lasts.

    Parameters
    ----------
    feed, config, night, feed_name, modality
        As the command line has them.
    settings
        Dotted key → value, which count more than those of the config.
    """
    let_libraries_be_quiet()
    from flows.config import load_config
    from flows.modality.before import BEFORE
    from tasks.operating.check_feed import check_trial

    with TemporaryDirectory() as scratch:
        given: dict[str, Any] = {
            "feed": feed,
            "store": scratch,
            "night": night,
            "feed_name": feed_name,
            "modality": modality,
        }
        night_config = load_config(config, {**given, **settings})
        trial = BEFORE[night_config.modality].trial(night_config, Path(scratch))
        yield night_config, trial, check_trial(trial, night_config.check, night_config.prepare)


def let_libraries_be_quiet() -> None:
    """Let what is guessed be said, and not what libraries have to tell; before they are loaded."""
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "WARNING")


def show_check(found: "FeedCheck") -> None:
    """Print the columns, every rule that fails with examples, and what would become of the rows."""
    for file, mapping in found.columns.items():
        parts = ", ".join(f"{part} = {column!r}" for part, column in mapping.items())
        say(f"{file}: {parts or 'no row could be read'}")
    for outcome, examples in found.failures():
        say(f"{outcome.severity} {outcome}")
        for example in examples:
            say(f"  {example}")
    say(found.outlook())


def check_told(found: "FeedCheck") -> dict[str, Any]:
    """Return what the checks found, for programs; a night that stops makes no documents."""
    prepared = found.prepared
    return {
        "columns": found.columns,
        "stops": found.is_stopped,
        "n_rows": found.raw.report.n_rows,
        "n_refused": found.n_refused - found.n_without_text,
        "n_without_text": found.n_without_text,
        "n_documents": prepared.n_documents if prepared and not found.is_stopped else None,
        "n_duplicates": prepared.n_duplicates if prepared else None,
        "n_withdrawn": prepared.n_withdrawn if prepared else None,
        "failures": [
            {
                "rule_id": outcome.rule_id,
                "severity": str(outcome.severity),
                "observed": outcome.observed,
                "expected": outcome.expected,
                "examples": rows,
            }
            for outcome, rows in found.failures()
        ],
    }
