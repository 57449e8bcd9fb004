"""The operator's commands on a store that is there."""

import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from errors import FAILED
from flows.command import (
    DebugOption,
    FeedNameOption,
    NewStoreOption,
    StoreOption,
    guarded,
    say,
)

if TYPE_CHECKING:
    from tasks.assign import Placed
    from tasks.finding import Finding
    from tasks.storage import Store


def doctor(
    store: StoreOption,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what can be derived again.")
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Check a store against its manifests; exit code 0 if it is sound, 1 if not."""

    def examine_store() -> None:
        from tasks.doctor import examine, repair_all
        from tasks.lock import store_lock

        root = _existing(store)
        with store_lock(root, "doctor"):
            repaired, left = repair_all(root) if repair else ([], examine(root))
        for finding in repaired:
            say(f"repaired {finding.file}: {finding.rule}: {finding.problem}")
        _say_findings(left)
        if left:
            sys.exit(FAILED)

    guarded(examine_store, debug)


def assign(
    feed: Annotated[str, typer.Argument(help="Documents to place: as for `run`.")],
    store: StoreOption,
    out: Annotated[
        Path | None, typer.Option(help="Parquet file to write, instead of a table to read.")
    ] = None,
    feed_name: FeedNameOption = None,
    debug: DebugOption = False,
) -> None:
    """Place documents in the clusters of the last night, without training."""

    def place() -> None:
        from flows.results import last_night
        from flows.runtime import keep_prefect_out

        night = last_night(store, feed_name)
        with TemporaryDirectory() as home, TemporaryDirectory() as scratch:
            keep_prefect_out(Path(home))
            from tasks.assign import assign as place_feed

            placed = place_feed(night, feed, Path(scratch))
        _show_placed(placed, night, out)

    guarded(place, debug)


def backfill(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    feed: Annotated[
        str, typer.Argument(help="As for `run`, with {night} where the date is: r-{night}.jsonl.")
    ],
    store: NewStoreOption,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First night.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last night.")],
    feed_name: Annotated[
        str | None, typer.Option(help="Nights of one feed share clusters and ids.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file; see the README.")] = None,
    debug: DebugOption = False,
) -> None:
    """Run the nights of the past in order; those that are published are skipped."""

    def run_past() -> None:
        from flows.backfill import Past, configured_nights, run_nights
        from flows.runtime import prepare_runs
        from tasks.places import require_apart

        root = store.expanduser().absolute()
        require_apart(feed, root)
        prepare_runs(root, debug)
        said = {"store": str(root), "feed_name": feed_name}
        past = Past(feed, first.date(), last.date())
        run_nights(configured_nights(past, config, said))

    guarded(run_past, debug)


def serve(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    feed: Annotated[str, typer.Argument(help="As for `run`; read anew every night.")],
    store: NewStoreOption,
    cron: Annotated[str, typer.Option(help="When a night runs, for instance '0 2 * * *'.")],
    timezone: Annotated[str, typer.Option(help="Of the schedule, e.g. Europe/Berlin.")] = "UTC",
    feed_name: Annotated[
        str | None, typer.Option(help="Nights of one feed share clusters and ids.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file; see the README.")] = None,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Of the Prefect UI, on 127.0.0.1.")
    ] = 4200,
    debug: DebugOption = False,
) -> None:
    """Run the nights on a schedule, in one process, until it is stopped."""

    def serve_feed() -> None:
        from flows.serve import checked, prepare_to_serve, serve_nights
        from tasks.places import require_apart

        root = store.expanduser().absolute()
        require_apart(feed, root)
        prepare_to_serve(root, port)
        said = {"feed": feed, "store": str(root), "feed_name": feed_name}
        serve_nights(checked(config, said, cron, timezone), port)

    guarded(serve_feed, debug)


def prune(
    store: StoreOption,
    keep: Annotated[int, typer.Option(min=2, help="Nights of every feed that stay.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Keep the last nights of every feed; files go in the prune after the one that unlists them."""

    def prune_store() -> None:
        from tasks.lock import store_lock
        from tasks.prune import plan_prune
        from tasks.prune import prune as prune_nights

        root = _existing(store)
        with store_lock(root, "prune"):
            done = (plan_prune if dry_run else prune_nights)(root, keep)
        for sentence in done.sentences("would be " if dry_run else ""):
            say(sentence)

    guarded(prune_store, debug)


def _say_findings(left: "list[Finding]") -> None:
    for finding in left:
        say(finding.line())
    say(f"{len(left):,} findings" if left else "the store is sound")


def _show_placed(placed: "Placed", night: "Store", out: Path | None) -> None:
    """Write what was placed, or show it; say how much was known, and what was refused."""
    from flows.console import show_placements
    from flows.output import require_shown
    from tasks.files import write_parquet

    if out is None:
        show_placements(Console(), placed)
        require_shown()
    else:
        write_parquet(out, placed.table)
    n_known = sum(placed.table["is_known"].to_pylist())
    withdrawn = f", {placed.n_withdrawn:,} rows withdrawn" if placed.n_withdrawn else ""
    say(
        f"{placed.table.num_rows:,} documents in the clusters of night {night.night}: {n_known:,}"
        f" as published, {placed.table.num_rows - n_known:,} placed by the models,"
        f" {placed.n_refused:,} rows refused{withdrawn}{f'; written to {out}' if out else ''}"
    )


def _existing(store: Path) -> Path:
    """Give the root of a store that is there.

    Raises
    ------
    NoNightError
        If it is not.
    """
    from flows.results import NoNightError

    root = store.expanduser().absolute()
    if not any((root / part).is_dir() for part in ("runs", "state")):
        raise NoNightError(f"{root} is no store; give the --store of an earlier run")
    return root
