"""The commands that run many nights: those of the past, or each one on a schedule."""

from datetime import date
from typing import Annotated, Final

import typer

from flows.cli.command import (
    DAY,
    ConfigOption,
    DebugOption,
    NewStoreOption,
    day,
    guarded,
    say_error,
)

EXAMPLES: Final = {
    "backfill": (
        "nightfold backfill 'in/reviews-{night}.jsonl' --store my-store"
        " --from 2026-03-01 --to 2026-03-31",
    ),
    "serve": (
        "nightfold serve reviews.jsonl --store my-store --cron '0 2 * * *'",
        "nightfold serve 'in/reviews-{night-1}.jsonl' --store my-store --cron '0 2 * * *'"
        " --timezone Europe/Berlin",
    ),
}
"""Command → how it is called."""


def backfill(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    feed: Annotated[
        str,
        typer.Argument(help="As for `run`, with {night} in place of the date: r-{night}.jsonl."),
    ],
    store: NewStoreOption,
    first: Annotated[date, typer.Option("--from", parser=day, metavar=DAY, help="First night.")],
    last: Annotated[date, typer.Option("--to", parser=day, metavar=DAY, help="Last night.")],
    feed_name: Annotated[
        str | None, typer.Option(help="Nights of one feed share clusters and ids.")
    ] = None,
    config: ConfigOption = None,
    debug: DebugOption = False,
) -> None:
    """Run the nights of the past in order.

    Published nights are skipped.
    """

    def run_past() -> None:
        from flows.cli.backfill import Past, configured_nights, run_nights
        from flows.cli.runs import prepare_runs
        from tasks.reading.sources.kinds import source_of
        from tasks.store.bucket.claim import look

        root = store.expanduser().absolute()
        source_of(feed).require_apart(root)
        look(root)
        run_night = prepare_runs(root, debug, say_error)
        options = {"store": str(root), "feed_name": feed_name}
        past = Past(feed, first, last)
        run_nights(configured_nights(past, config, options), run_night)

    guarded(run_past, debug)


def serve(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    feed: Annotated[str, typer.Argument(help="As for `run`; read again every night.")],
    store: NewStoreOption,
    cron: Annotated[str, typer.Option(help="When a night runs, e.g. '0 2 * * *'.")],
    timezone: Annotated[
        str, typer.Option(help="Time zone of the schedule, e.g. Europe/Berlin.")
    ] = "UTC",
    feed_name: Annotated[
        str | None, typer.Option(help="Nights of one feed share clusters and ids.")
    ] = None,
    config: ConfigOption = None,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the Prefect UI, on 127.0.0.1.")
    ] = 4200,
    debug: DebugOption = False,
) -> None:
    """Run a night on a schedule, until stopped.

    One process, with the Prefect UI.
    """

    def serve_feed() -> None:
        from flows.cli.serve import checked, prepare_to_serve, serve_nights
        from tasks.reading.sources.kinds import source_of

        root = store.expanduser().absolute()
        source_of(feed).require_apart(root)
        server = prepare_to_serve(root, port, say_error)
        options = {"feed": feed, "store": str(root), "feed_name": feed_name}
        serve_nights(checked(config, options, cron, timezone), server)

    guarded(serve_feed, debug)
