"""`nightfold check`: the guard without the night."""

import os
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

import typer

from flows.cli.command import DAY, DebugOption, day, guarded, say
from validation.errors import FAILED

if TYPE_CHECKING:
    from tasks.operating.check_feed import FeedCheck

EXAMPLES: Final = (
    "nightfold check export.csv",
    "nightfold check in/ --config nightfold.toml --night 2026-03-01",
)

IMPERFECT: Final = 3
"""Exit code where a night would run, and rows would be refused or a rule warns; 2 is bad usage."""


def check(
    feed: Annotated[str, typer.Argument(help="File, folder, glob or URL: as for `run`.")],
    config: Annotated[
        Path | None, typer.Option(help="A TOML file; see docs/configuration.md.")
    ] = None,
    night: Annotated[
        date | None, typer.Option(parser=day, metavar=DAY, help="Today (UTC) if left out.")
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Check a feed as a first night does, and write nothing.

    Exit code 0 if all is well, 1 if a night would stop, 3 if it would run and leave rows out or
    warn.
    """

    def look() -> None:
        # What is guessed is said; what libraries have to tell is not.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "WARNING")
        from flows.config import load_config
        from tasks.operating.check_feed import check_feed

        with TemporaryDirectory() as scratch:
            given = {"feed": feed, "store": scratch, "night": night}
            settings = load_config(config, given)
            found = check_feed(
                settings.tonights_feed(),
                settings.sources(),
                settings.ingest,
                settings.check,
                settings.prepare,
                settings.tonight(),
            )
        show_check(found)
        if found.is_stopped:
            sys.exit(FAILED)
        if found.n_refused or any(found.failures()):
            sys.exit(IMPERFECT)

    guarded(look, debug)


def show_check(found: "FeedCheck") -> None:
    """Print the columns, every rule that fails with examples, and what would become of the rows."""
    from tasks.boundary.counted import counted

    for file, mapping in found.columns.items():
        parts = ", ".join(f"{part} = {column!r}" for part, column in mapping.items())
        say(f"{file}: {parts or 'no row could be read'}")
    for outcome, examples in found.failures():
        say(f"{outcome.severity} {outcome}")
        for example in examples:
            say(f"  {example}")
    n_rows = counted(found.raw.report.n_rows, "row")
    if found.is_stopped or found.prepared is None:
        say(f"a night would stop: {n_rows} read, {_left_out(found)}, nothing published")
        return
    say(
        f"of {n_rows} a night would make {counted(found.prepared.n_documents, 'document')}:"
        f" {_left_out(found)}, {counted(found.prepared.n_duplicates, 'duplicate')},"
        f" {found.prepared.n_withdrawn:,} withdrawn"
    )


def _left_out(found: "FeedCheck") -> str:
    n_broken = found.n_refused - found.n_without_text
    return f"{n_broken:,} refused, {found.n_without_text:,} without text"
