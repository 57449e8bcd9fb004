"""The published files, as the manifests name them; other files in the store do not count."""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.command import DAY, DebugOption, FeedNameOption, StoreOption, day, guarded
from flows.terminal.output import require_shown
from validation.errors import BAD_USAGE, NightfoldError

if TYPE_CHECKING:
    from tasks.store.manifests import Manifest


class UnknownTableError(NightfoldError, ValueError):
    """No night has such a table."""

    exit_code = BAD_USAGE


def tables(
    store: StoreOption,
    table: Annotated[
        str | None, typer.Argument(help="documents, clusters, …; all of them if left out.")
    ] = None,
    night: Annotated[
        date | None, typer.Option(parser=day, metavar=DAY, help="All nights if left out.")
    ] = None,
    feed_name: FeedNameOption = None,
    debug: DebugOption = False,
) -> None:
    """Print the files of the published tables.

    One path a line, oldest night first.
    """

    def print_files() -> None:
        for file in published_files(store, table, night=night, feed_name=feed_name):
            sys.stdout.write(f"{file}\n")
        require_shown()

    guarded(print_files, debug)


def published_files(
    store: Path | str,
    table: str | None = None,
    *,
    night: date | None = None,
    feed_name: str | None = None,
) -> list[Path]:
    """List the files of published tables, oldest night first.

    Files of nights that were pruned or replaced stay for a while, for those who are reading
    them; a glob over the store would read them as well.

    Parameters
    ----------
    store
        Root of the store.
    table
        For instance "clusters"; None for all.
    night
        None for all.
    feed_name
        Needed if the store has several feeds.

    Returns
    -------
    Absolute paths; the folders `feed=F/night=D` in them are Hive partitions.

    Raises
    ------
    NoNightError
        If there is no such night, or several feeds and no name.
    UnknownTableError
        If no published night has such a table.
    """
    from tasks.reporting.published import NoNightError, last_night
    from tasks.store.bucket.place import root_of

    last = last_night(root_of(store), feed_name)
    nights = [it for it in last.published_nights() if night in {None, it}]
    if not nights:
        raise NoNightError(f"{last.root} holds no published night {night} of feed {last.feed!r}")
    found = [last.root / path for it in nights for path in _paths(last.read_manifest(it), table)]
    if not found:
        known = ", ".join(sorted(last.read_manifest().tables))
        raise UnknownTableError(f"there is no table {table!r}; there are {known}")
    return found


def _paths(manifest: "Manifest", table: str | None) -> Iterator[str]:
    """Yield the paths of a night's tables; a night of an older nightfold may lack some."""
    for name, ref in manifest.tables.items():
        if table in {None, name}:
            yield ref.path
