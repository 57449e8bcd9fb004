"""Examine what follows from a published night: its report, which can always be made again."""

from collections.abc import Iterator
from functools import partial

from tasks.operating.doctor.finding import Finding
from tasks.store.followed import followed_problem, record_path
from tasks.store.manifests import Manifest
from tasks.store.storage import Store


def examine_followed(store: Store, manifest: Manifest) -> Iterator[Finding]:
    """Find a report that is gone, changed, or of the night as it was before it was run again.

    Nights of an older nightfold, and those with the report switched off, have none.
    """
    if not manifest.config.get("report", {}).get("enabled"):
        return
    if problem := followed_problem(store):
        file = record_path(store).relative_to(store.root).as_posix()
        mend = partial(_make_again, store)
        yield Finding(file, "report", problem, mend=mend, deed="makes the report again")


def _make_again(store: Store) -> None:
    # Here, for the page brings libraries that an examination does without.
    from tasks.publishing.report_files import write_report

    write_report(store)
