"""`nightfold report`: the report of a published night, made again and opened."""

import sys
from typing import Annotated, Final

import typer

from flows.cli.command import DebugOption, PublishedNightOption, StoreOption, guarded
from flows.terminal.output import require_shown

EXAMPLES: Final = (
    "nightfold report --store my-store --open",
    "nightfold report --store my-store --night 2026-03-01",
)


def report(
    store: StoreOption,
    feed_name: Annotated[
        str | None, typer.Argument(metavar="[FEED]", help="Needed if the store has several feeds.")
    ] = None,
    night: PublishedNightOption = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    debug: DebugOption = False,
) -> None:
    """Make the report of a night again.

    Prints the path of its page, which needs no network.
    """

    def make() -> None:
        from tasks.publishing.report_files import write_report
        from tasks.reporting.published import published_night
        from tasks.store.bucket.claim import claimed

        found = published_night(store, feed_name, night)
        with claimed(found.root, "report") as claim:
            page = write_report(found)
            claim.send()
        sys.stdout.write(f"{page}\n")
        require_shown()
        if open_it:
            typer.launch(page)

    guarded(make, debug)
