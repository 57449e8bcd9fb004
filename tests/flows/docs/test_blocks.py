"""Every block of code in the README and the pages does what the page says.

Shell and Python run in a folder with a small store, page by page, in the order of the page; what
is run neither here nor at all stands in `shell.py`, with the reason. A configuration is read by the
settings themselves; one that begins with its file's name is there for the commands after it.
"""

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.config import NightlyConfig
from flows.feeds import feed_names, settings_in
from flows.laid_over import laid_over
from tasks.curating.file import parse_curation
from tasks.curating.rules import Curation
from tests.flows.docs.blocks import PAGES, Block, blocks_of
from tests.flows.docs.shell import ELSEWHERE, NOT_RUN, calls_in, follow, parsed

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

Invoke = Callable[..., Any]
Check = Callable[[Block, Path], object]

SHOWN = {"text", "math"}
"""Languages of what is shown and not typed: output, drawings, equations."""

ALLOWED = {"check": (0, 3)}
"""Command → exit codes that are no failure, besides 0."""

FEEDS = {
    "sql": "sqlite:///reviews.db",
    "http": "json+https://host/reviews",
    "rss": "rss+https://host/feed",
}
"""Group of settings → a feed that takes them."""


@pytest.fixture
def type_in(
    page: str, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[str]], Any]:
    """Type a command of nightfold, which must succeed.

    A night takes seconds, so on all pages but the first one that a person follows, `nightfold run`
    ends before the stages: its feed is found, and its settings are read. No browser is opened.
    """
    if page != "docs/tutorial.md":
        monkeypatch.setattr("flows.cli.app._run_nights", configured)
    monkeypatch.setattr("webbrowser.open", lambda url: True)

    def typed(words: list[str]) -> None:
        with config_for(words):
            done = invoke(*words)
        assert done.exit_code in ALLOWED.get(words[0], (0,)), f"{shlex.join(words)}: {done.output}"

    return typed


@contextmanager
def config_for(words: list[str]) -> Iterator[None]:
    """Put a configuration there that a command names and no block of the page has written."""
    path = Path(words[words.index("--config") + 1]) if "--config" in words else None
    if path is None or path.exists():
        yield
        return
    path.write_text("feed = 'reviews.jsonl'\nstore = 'my-store'\n", encoding="utf-8")
    yield
    path.unlink()


def configured(store: Path, nights: Any, *_: Any, **__: Any) -> None:
    """Find the feeds of nights and read their settings."""
    from flows.config import load_config
    from tasks.reading.sources.kinds import require_feed

    for file, options in nights:
        config = load_config(file, options)
        require_feed(config.tonights_feed(), config.sources())


def config_of(block: Block, folder: Path) -> None:
    """Read a configuration, of each of its feeds, or the rules of a curation."""
    values = tomllib.loads(block.text)
    named = re.match(r"# (\S+\.toml)\n", block.text)
    path = folder / (named[1] if named else "block.toml")
    path.write_text(block.text, encoding="utf-8")
    if values.keys() <= Curation.model_fields.keys():
        parse_curation(block.text.encode(), path)
        return
    for name in feed_names(path) or [None]:
        feed = next((it for group, it in FEEDS.items() if group in values), "reviews.jsonl")
        given = {"feed": feed, "store": "my-store"}
        NightlyConfig.model_validate(laid_over(given, settings_in(path, name)))


def read_yaml(block: Block, _: Path) -> None:
    """Read the parameters of a deployment, or the options of what a manifest of Kubernetes runs.

    Such an image begins with nightfold.
    """
    for manifest in yaml.safe_load_all(block.text):
        if "parameters" in manifest:
            given = {"feed": "reviews.jsonl", "store": "my-store"}
            NightlyConfig.model_validate(given | manifest["parameters"]["config"])
            continue
        for container in manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]:
            parsed(container["args"])


CHECKS: dict[str, Check] = {
    "toml": config_of,
    "json": lambda block, _: json.loads(block.text),
    "yaml": read_yaml,
}


def run_block(block: Block, folder: Path, type_in: Any, names: dict[str, Any]) -> None:
    """Do what a block says."""
    if block.language == "sh":
        for call in calls_in(block.text):
            follow(call, type_in)
    elif block.language == "python":
        exec(compile(block.text, block.where, "exec"), names)
    elif block.language in CHECKS:
        CHECKS[block.language](block, folder)
    else:
        assert block.language in SHOWN, f"{block.where}: nobody runs {block.language!r}"


def needs_store(page: str) -> bool:
    """Return whether anything on a page is done with a store, and not only looked at."""
    blocks = list(blocks_of(page))
    return any(it.language == "python" or "nightfold" in it.text for it in blocks)


@pytest.mark.parametrize("page", [page for page in PAGES if any(blocks_of(page))])
def test_the_blocks_of_a_page_do_what_it_says(
    page: str, tmp_path: Path, type_in: Any, request: pytest.FixtureRequest
) -> None:
    desk = request.getfixturevalue("desk") if needs_store(page) else tmp_path
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of(page):
        try:
            run_block(block, desk, type_in, names)
        except (Exception, SystemExit) as error:
            pytest.fail(f"{block.where}: {type(error).__name__}: {error}")


def test_whatever_is_not_run_is_on_some_page() -> None:
    shell = [it for page in PAGES for it in blocks_of(page) if it.language == "sh"]
    typed = [call for block in shell for call in calls_in(block.text)]
    programs = {call[0].removeprefix(".venv/bin/") for call in typed}
    assert set(ELSEWHERE) <= programs
    assert set(NOT_RUN) <= {call[1] for call in typed if call[0].endswith("nightfold")}
