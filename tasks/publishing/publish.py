"""Publish a night: its tables first, its manifest last.

Reads  the references of all stages
Writes every table of the night, its models, its summary, runs/feed=F/night=D/manifest.json
       embeddings/encoder=E/ and E-passages/, where a vector of the window was lost since it was
       made
       state/retired.json, where the night replaces one
Removes stage files that no run needs any more; see `tasks.publishing.release`
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from prefect.context import FlowRunContext
from pydantic import BaseModel, ConfigDict

from tasks.frame.result import StageResult
from tasks.frame.stage import StageRecord, stage
from tasks.publishing.guard import require_kept, require_sound
from tasks.publishing.night import (
    Night,
    Surroundings,
    content_of,
    merged,
    placed,
    published_refs,
    reports_of,
)
from tasks.publishing.release import release_earlier, release_models
from tasks.reporting.night_view import view_with
from tasks.reporting.render.artifacts import show_artifacts
from tasks.reporting.render.links import PAGE
from tasks.reporting.render.markdown import SUMMARY, summarise
from tasks.store.aside.copies import keep_copy
from tasks.store.embeddings import shelves_of
from tasks.store.files import WRITING, copy_atomically, write_atomically
from tasks.store.listing import read_retired, write_retired
from tasks.store.manifests import Manifest, ManifestError, read_object
from tasks.store.sealed import canonical_json, write_sealed
from tasks.store.storage import Ref, Store, is_intact, read_table
from validation.tables.columns import EMBEDDING, TEXT_DIGEST

logger = logging.getLogger(__name__)

_RUN: Final = "run"
"""The one part of a manifest that may differ between two runs of the same night."""


class Published(BaseModel):
    """Where the night is, and whether anything had to be written."""

    model_config = ConfigDict(frozen=True)

    manifest: str
    summary: str
    changed: bool


@stage("publish", version=3, retries=2, cached=False)
def publish(
    store: Store, results: Sequence[StageResult], around: Surroundings, records: list[StageRecord]
) -> Published:
    """Bring the night's files to their places; the manifest, which makes them count, comes last.

    For errors see `publish_night`.
    """
    published = publish_night(store, merged(results, around), records)
    release_models(store)
    release_earlier(store)
    return published


def publish_night(store: Store, night: Night, records: list[StageRecord]) -> Published:
    """Publish a night; where it is there already with the same content, nothing is written.

    Raises
    ------
    UnsoundNightError
        If the night does not add up; what is published stays as it is.
    LostDocumentsError
        If later nights hold documents that the night no longer has; as above.
    """
    content, run = content_of(store, night), {_RUN: _run(night, records)}
    manifest = Manifest.model_validate_json(canonical_json(content | run))
    view = view_with(store, manifest, night.tables)
    summary = summarise(view)
    content |= reports_of(store, {SUMMARY: summary.encode()})
    changed = not _is_published(store, content)
    if changed:
        require_sound(store, night)
        require_kept(store, night.tables["documents"])
    has_report = night.around.config.get("report", {}).get("enabled", True)
    show_artifacts(view, store.partition("reports") / PAGE if has_report else None)
    _complete_shelves(store, night)
    if changed:
        commit(store, placed(store, night), summary, content | run)
    path, summary_path = store.manifest_path(), store.partition("reports") / SUMMARY
    for published in (path, summary_path):
        keep_copy(store, published)
    logger.info("%s %s", "published" if changed else "already published, nothing to change:", path)
    return Published(
        manifest=str(path),
        summary=str(summary_path),
        changed=changed,
    )


def commit(
    store: Store, files: Iterable[tuple[Ref, str]], summary: str, manifest: Mapping[str, Any]
) -> None:
    """Place a night's files, retire those of the night that it replaces, and then name its own.

    Parameters
    ----------
    store
        Which night.
    files
        Stage files and their published paths.
    summary
        For people.
    manifest
        Until it is written, the night is what it was.
    """
    for source, target in files:
        copy_atomically(store.resolve(source), store.root / target)
    _retire(store, manifest)
    write_atomically(store.partition("reports") / SUMMARY, summary.encode())
    write_sealed(store.manifest_path(), manifest)


def _retire(store: Store, manifest: Mapping[str, Any]) -> None:
    """Leave what the night will not name any more to the next prune: somebody may be reading it.

    Until the manifest is written, the old one names it, and no prune removes what one names.
    """
    named = {ref.path for ref in published_refs(manifest)}
    files = (
        path.relative_to(store.root).as_posix()
        for table in (*manifest["tables"], "models")
        for path in store.partition(table).rglob("*")
        if path.is_file() and not path.name.startswith(WRITING)
    )
    if left := set(files) - named:
        write_retired(store.root, read_retired(store.root) | left)


def _complete_shelves(store: Store, night: Night) -> None:
    """Put back the vectors that were lost after they were cached: no stage would miss them."""
    around, encoder = night.around, night.around.encoder
    shelves = shelves_of(store.root, encoder.name, encoder.digest)
    for shelf, items in zip(shelves, (around.items, around.passages), strict=True):
        if shelf.missing(read_table(store, items, [TEXT_DIGEST])[TEXT_DIGEST].to_pylist()):
            shelf.complete(read_table(store, items, [TEXT_DIGEST, EMBEDDING]))


def _run(night: Night, records: list[StageRecord]) -> dict[str, Any]:
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return {
        "flow_run_id": str(run.id) if run else None,
        "read_from": night.around.read_from,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "stages": [it.model_dump(exclude={"is_cached"}) for it in records if not it.is_cached],
    }


def _is_published(store: Store, content: Mapping[str, Any]) -> bool:
    """Return whether this very night stands there, whole."""
    if not store.manifest_path().is_file():
        return False
    try:
        there = read_object(store.manifest_path(), "run that night again")
    except ManifestError as error:
        logger.warning("%s: it is written anew", error)
        return False
    there.pop(_RUN, None)
    if there != json.loads(canonical_json(content)):
        return False
    return all(is_intact(store, ref) for ref in published_refs(content))
