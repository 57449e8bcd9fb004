"""The operator's commands on a store that exists."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console

from flows.cli.check import let_libraries_be_quiet
from flows.cli.command import (
    DebugOption,
    FeedNameOption,
    PublishedNightOption,
    StoreOption,
    guarded,
    say,
    say_error,
)
from flows.cli.looking.shown import JsonOption, show_json, show_lines
from validation.errors import FAILED

if TYPE_CHECKING:
    from flows.cli.overdue import LastNight
    from tasks.operating.assign import Placed
    from tasks.operating.doctor.finding import Finding
    from tasks.store.storage import Store

EXAMPLES: Final = {
    "assign": (
        "nightfold assign today.jsonl --store my-store",
        "nightfold assign today.jsonl --store my-store --out placed.parquet",
    ),
    "doctor": (
        "nightfold doctor --store my-store",
        "nightfold doctor --store my-store --repair",
    ),
    "prune": (
        "nightfold prune --store my-store --keep 90 --dry-run",
        "nightfold prune --store my-store --keep 90",
    ),
    "tables": (
        "nightfold tables --store my-store",
        "nightfold tables clusters --store my-store --night 2026-03-01",
    ),
    "overdue": (
        "nightfold overdue --store my-store --hours 26",
        "0 6 * * * nightfold overdue --store /data/my-store || mail -s 'no night' me",
    ),
}
"""Command → how it is called."""


def doctor(
    store: StoreOption,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair what can be derived again.")
    ] = False,
    forget_night: Annotated[
        str | None,
        typer.Option(
            help="With --repair: move the last night, as FEED/NIGHT, to the trash first, if it"
            " should not be there."
        ),
    ] = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check a store against its manifests, and repair it.

    Exit code 0 if it is sound, 1 if not.
    """

    def examine_store() -> None:
        from tasks.operating.doctor.bucket import examine_everywhere
        from tasks.store.bucket.claim import claimed

        root = _existing(store)
        with claimed(root, "doctor", changes=False) as claim:
            trashed = _forgotten(root, forget_night, repair)
            if not as_json:
                for folder in trashed:
                    say(f"moved to the trash: {folder}")
            repaired, left = examine_everywhere(claim, repair)
        if as_json:
            show_json(
                {
                    "moved_to_trash": trashed,
                    "repaired": [_told(it) for it in repaired],
                    "findings": [_told(it) for it in left],
                }
            )
        else:
            _say_findings(repaired, left)
        if left:
            sys.exit(FAILED)

    guarded(examine_store, debug)


def assign(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    feed: Annotated[str, typer.Argument(help="Documents to place: as for `run`.")],
    store: StoreOption,
    out: Annotated[
        Path | None, typer.Option(help="Parquet file to write instead of printing a table.")
    ] = None,
    night: PublishedNightOption = None,
    feed_name: FeedNameOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Place documents in the clusters of a night, without training."""

    def place() -> None:
        from tasks.reporting.published import published_night

        of_night = published_night(store, feed_name, night)
        let_libraries_be_quiet()
        from flows.modality.before import BEFORE
        from tasks.operating.assign import assign as place_feed
        from tasks.store.files import write_parquet

        kind = BEFORE[of_night.read_manifest().modality].placeable()
        with TemporaryDirectory() as scratch:
            placed = place_feed(of_night, feed, Path(scratch), kind)
        if out is not None:
            write_parquet(out, placed.table)
        if as_json:
            show_json(_placed_told(placed, of_night, out))
        else:
            _show_placed(placed, of_night, out)

    guarded(place, debug)


def prune(
    store: StoreOption,
    keep: Annotated[int, typer.Option(min=2, help="How many nights of every feed to keep.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Drop all but the last nights of every feed.

    Files are removed one prune after they are retired, so that no reader breaks.
    """

    def prune_root() -> None:
        from flows.pruning import prune_store

        done = prune_store(_existing(store), keep, dry_run)
        if as_json:
            show_json(done.told())
        else:
            show_lines(done.sentences())

    guarded(prune_root, debug)


def overdue(
    store: StoreOption,
    hours: Annotated[
        float, typer.Option(min=0, help="Hours since a feed's last night was published.")
    ] = 26,
    feed_name: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Exit with 1 if a feed has had no new night for too long.

    For cron, where no Prefect server watches: a night that did not run raises no error.
    """

    def look() -> None:
        from flows.cli.overdue import last_nights, older_than

        now = datetime.now(UTC)
        nights = last_nights(_existing(store), feed_name)
        late = older_than(nights, hours, now)
        if as_json:
            show_json([it.told(now) | {"is_overdue": it in late} for it in nights])
        else:
            _say_ages(nights, late, now)
        if late:
            sys.exit(FAILED)

    guarded(look, debug)


def _forgotten(root: Path, name: str | None, repair: bool) -> list[str]:
    """Move a night that should not be there to the trash, if one is named, and return its folders.

    Raises
    ------
    CannotForgetError
        If it cannot be moved, or nothing may be changed.
    """
    if name is None:
        return []
    from tasks.operating.forget import CannotForgetError, forget_night, night_named

    if not repair:
        raise CannotForgetError("--forget-night changes the store, so it needs --repair too")
    return forget_night(night_named(root, name))


def _told(finding: "Finding") -> dict[str, str | bool]:
    """Return a finding for programs."""
    parts = {it: str(getattr(finding, it)) for it in ("file", "rule", "problem", "remedy")}
    return {**parts, "is_repairable": finding.is_repairable, "line": finding.line()}


def _say_findings(repaired: "list[Finding]", left: "list[Finding]") -> None:
    from tasks.boundary.counted import counted

    for finding in repaired:
        say(f"repaired {finding.file}: {finding.rule}: {finding.problem}")
    for finding in left:
        say(finding.line())
    say(counted(len(left), "finding") if left else "the store is sound")


def _say_ages(nights: "list[LastNight]", late: "list[LastNight]", now: datetime) -> None:
    """Print which feeds are in time, and on standard error which are not."""
    for night in nights:
        if night not in late:
            say(night.line(now))
    for night in late:
        say_error(f"overdue: {night.line(now)}")


def _placed_told(placed: "Placed", night: "Store", out: Path | None) -> dict[str, Any]:
    """Return what was placed, for programs; the documents only where no file has them."""
    told = {
        "night": str(night.night),
        "n_documents": placed.table.num_rows,
        "n_known": sum(placed.table["is_known"].to_pylist()),
        "n_refused": placed.n_refused,
        "n_withdrawn": placed.n_withdrawn,
    }
    if out is not None:
        return told | {"written_to": str(out)}
    return told | {"documents": placed.table.to_pylist()}


def _show_placed(placed: "Placed", night: "Store", out: Path | None) -> None:
    """Show what was placed, unless a file has it, and how much was known and what was refused."""
    from flows.terminal.console import show_placements
    from flows.terminal.output import require_shown
    from tasks.boundary.counted import counted

    if out is None:
        show_placements(Console(), placed)
        require_shown()
    n_known = sum(placed.table["is_known"].to_pylist())
    withdrawn = f", {counted(placed.n_withdrawn, 'row')} withdrawn" if placed.n_withdrawn else ""
    if placed.n_ungrouped:
        withdrawn += f", {counted(placed.n_ungrouped, 'document')} in no group of that night"
    written = f"; written to {out}" if out else ""
    say(
        f"{counted(placed.table.num_rows, 'document')} in the clusters of night {night.night}:"
        f" {n_known:,} as published, {placed.table.num_rows - n_known:,} placed by the models,"
        f" {counted(placed.n_refused, 'row')} refused{withdrawn}{written}"
    )


def _existing(store: Path) -> Path:
    """Return the root of a store that exists.

    Raises
    ------
    NoNightError
        If it does not.
    """
    from tasks.reporting.published import NoNightError
    from tasks.store.bucket.claim import look

    root = store.expanduser().absolute()
    look(root)
    if not any((root / part).is_dir() for part in ("runs", "state")):
        raise NoNightError(f"{root} is not a nightfold store; give the --store of an earlier run")
    return root
