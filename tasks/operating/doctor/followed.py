"""Examine what follows from a published night: its report, which can always be made again."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Final

from tasks.operating.doctor.finding import Finding
from tasks.store.aside.trash import make_way
from tasks.store.followed import followed_problem, record_path
from tasks.store.manifests import Manifest, ManifestError
from tasks.store.storage import FeedStore, Store

_LATER: Final = (
    "--repair makes it again once all else of its feed is whole, and nightfold report without what"
    " cannot be read"
)


def examine_reports(store: FeedStore, is_whole: bool) -> Iterator[Finding]:
    """Find reports that are gone, changed, or of a night as it was before it was run again.

    Nights of an older nightfold, and those with the report switched off, have none.

    Parameters
    ----------
    store
        Any night of the feed.
    is_whole
        Whether all else of the feed is as it should be. A report shows the nights before its own,
        and leaves out what cannot be read: until then, none is made again.
    """
    for night in map(store.on, store.published_nights()):
        with suppress(ManifestError):  # a finding of its own
            yield from _examine_report(night, night.read_manifest(), is_whole)


def _examine_report(store: Store, manifest: Manifest, is_whole: bool) -> Iterator[Finding]:
    if not manifest.config.get("report", {}).get("enabled"):
        return
    if problem := followed_problem(store):
        file = record_path(store).relative_to(store.root).as_posix()
        remedy = "" if is_whole else _LATER
        mend = partial(_make_again, store) if is_whole else None
        yield Finding(file, "report", problem, remedy, mend=mend, deed="makes the report again")


def _make_again(store: Store) -> None:
    # Here, for the page brings libraries that an examination does without.
    from tasks.publishing.report_files import write_report

    for path in store.partition("reports").glob("*"):
        make_way(store.root, path.relative_to(store.root).as_posix())
    write_report(store)
