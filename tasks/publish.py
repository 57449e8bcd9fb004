"""Publish a night: its tables first, its manifest last.

Reads  the references of all stages
Writes every table of the night, its models, its summary, runs/feed=F/night=D/manifest.json
       embeddings/encoder=E/, where a vector of the window was lost since it was made
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from prefect.context import FlowRunContext
from pydantic import BaseModel, ConfigDict

from tasks.check_prepared import Documents
from tasks.describe import Described
from tasks.drift import Fit
from tasks.embed import EncoderRef
from tasks.evaluate import Evaluation
from tasks.files import copy_atomically, write_atomically
from tasks.ingest import RawFeed
from tasks.manifests import FORMAT_VERSION, ManifestError
from tasks.refine import Refined
from tasks.sealed import canonical_json, write_sealed
from tasks.shelf import EmbeddingShelf
from tasks.show import show_markdown, show_table
from tasks.stage import StageRecord, stage
from tasks.storage import (
    ModelRef,
    Ref,
    Store,
    is_intact,
    read_table,
)
from tasks.summary import SUMMARY, summarise
from tasks.views import Views
from validation.schemas import EMBEDDING, TEXT_DIGEST

logger = logging.getLogger(__name__)

_RUN: Final = "run"
"""The one part of a manifest that may differ between two runs of the same night."""


class Night(BaseModel):
    """Everything that a night is published from."""

    model_config = ConfigDict(frozen=True)

    raw: RawFeed
    raw_checks: Ref
    documents: Documents
    views: Views
    refined: Refined
    evaluation: Evaluation
    described: Described
    encoder: EncoderRef
    fit: Fit
    drift: Ref
    config: dict[str, Any]
    read_from: str
    """Where the feed lay, which decides nothing."""


class Published(BaseModel):
    """Where the night is, and whether anything had to be written."""

    model_config = ConfigDict(frozen=True)

    manifest: str
    summary: str
    changed: bool


@stage("publish", version=2, retries=2, cached=False)
def publish(store: Store, night: Night, records: list[StageRecord]) -> Published:
    """Bring the night's files to their places; the manifest, which makes them count, comes last.

    Where the same night is there already with the same content, nothing is written.
    """
    tables, models = _tables(night), _models(night)
    shown = {"clusters": night.described.clusters, "cluster_events": night.described.events}
    rows = {name: read_table(store, ref).to_pylist() for name, ref in shown.items()}
    documents = night.documents
    summary = summarise(
        store, documents.counts, night.fit, night.evaluation, rows, documents.column_changes
    )
    content = _content(store, night, tables, models)
    content["reports"] = {SUMMARY: _report(store, SUMMARY, summary.encode())}
    show_markdown(f"night-{store.feed}", summary, f"Night {store.night} of {store.feed}")
    show_table(f"clusters-{store.feed}", rows["clusters"], f"Clusters of night {store.night}")
    manifest_path = store.manifest_path()
    summary_path = store.partition("reports") / SUMMARY
    _complete_shelf(store, night)
    changed = not _is_published(store, content)
    if changed:
        for source, target in _placed(store, tables, models):
            copy_atomically(store.resolve(source), store.root / target)
        write_atomically(summary_path, summary.encode())
        write_sealed(manifest_path, content | {_RUN: _run(night, records)})
    _sweep(store, content)
    logger.info(
        "%s %s", "published" if changed else "already published, nothing to change:", manifest_path
    )
    return Published(manifest=str(manifest_path), summary=str(summary_path), changed=changed)


def _complete_shelf(store: Store, night: Night) -> None:
    """Put back the vectors that were lost after they were cached: no stage would miss them."""
    items = night.views.items
    shelf = EmbeddingShelf(store.root, night.encoder.name, night.encoder.digest)
    if not shelf.digests().issuperset(
        read_table(store, items, [TEXT_DIGEST])[TEXT_DIGEST].to_pylist()
    ):
        shelf.complete(read_table(store, items, [TEXT_DIGEST, EMBEDDING]))


def _tables(night: Night) -> dict[str, Ref]:
    found = night.described
    return {
        "documents": night.documents.documents,
        "duplicates": night.documents.duplicates,
        "quarantine": night.documents.quarantine,
        "withdrawn": night.documents.withdrawn,
        "assignments": found.assignments,
        "clusters": found.clusters,
        "cluster_events": found.events,
        "metrics": night.evaluation.metrics,
        "drift": night.drift,
    }


def _models(night: Night) -> dict[str, ModelRef]:
    return {
        "clustering": night.refined.model,
        "lexical": night.views.lexical,
        "identity": night.described.identity,
    }


def _table_path(store: Store, table: str, ref: Ref) -> str:
    path = store.partition(table) / f"part-{ref.sha256[:16]}.parquet"
    return path.relative_to(store.root).as_posix()


def _model_path(store: Store, model: str, file: str, ref: Ref) -> str:
    """Put a model's files in a folder named by their content, so that a night is replaced whole."""
    name = Path(file)
    path = (
        store.partition("models")
        / model
        / name.with_name(f"{name.stem}-{ref.sha256[:16]}{name.suffix}")
    )
    return path.relative_to(store.root).as_posix()


def _placed(
    store: Store, tables: Mapping[str, Ref], models: Mapping[str, ModelRef]
) -> list[tuple[Ref, str]]:
    """Pair every stage file with its published path."""
    placed = [(ref, _table_path(store, table, ref)) for table, ref in tables.items()]
    for model, saved in models.items():
        placed += [(ref, _model_path(store, model, file, ref)) for file, ref in saved.files.items()]
    return placed


def _content(
    store: Store, night: Night, tables: Mapping[str, Ref], models: Mapping[str, ModelRef]
) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "feed": store.feed,
        "night": str(store.night),
        "counts": night.documents.counts.model_dump(),
        "window_documents": night.described.assignments.rows,
        "tables": {
            name: ref.model_copy(update={"path": _table_path(store, name, ref)}).model_dump()
            for name, ref in tables.items()
        },
        "models": {
            model: {
                file: ref.model_copy(
                    update={"path": _model_path(store, model, file, ref)}
                ).model_dump()
                for file, ref in saved.files.items()
            }
            for model, saved in models.items()
        },
        "columns": night.raw.columns,
        "column_changes": [it.model_dump() for it in night.documents.column_changes],
        "checks": {
            "raw": json.loads(store.resolve(night.raw_checks).read_bytes()),
            "prepared": json.loads(store.resolve(night.documents.results).read_bytes()),
        },
        "encoder": {"name": night.encoder.name, "digest": night.encoder.digest},
        "labels": {
            "published": night.evaluation.published,
            "reason": night.evaluation.reason,
            "trust": night.evaluation.trust,
        },
        "fit": night.fit.model_dump(mode="json"),
        "n_clusters": night.described.n_clusters,
        "cluster_ids": _cluster_ids(night),
        "whole_of": _whole_of(night),
        "metrics": read_table(store, night.evaluation.metrics).to_pylist(),
        "config": night.config,
    }


def _cluster_ids(night: Night) -> dict[int, str]:
    """Give what the model's labels mean, or those of k-means where these were published."""
    ids = night.described.ids
    if night.evaluation.published == "baseline":
        return ids
    return {piece: ids[label] for piece, label in night.refined.label_of.items() if label in ids}


def _whole_of(night: Night) -> dict[str, str]:
    """Give, for every cluster that the model does not know, the one that it gives its texts."""
    ids, refined = night.described.ids, night.refined
    if night.evaluation.published == "baseline":
        return {}
    return {
        ids[part]: ids[whole]
        for part, whole in refined.whole_of.items()
        if part in ids and whole in ids
    }


def _run(night: Night, records: list[StageRecord]) -> dict[str, Any]:
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return {
        "flow_run_id": str(run.id) if run else None,
        "read_from": night.read_from,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "stages": [record.model_dump() for record in records],
    }


def _report(store: Store, name: str, content: bytes) -> dict[str, Any]:
    """Return the reference of a report, under whose digest a changed one is found."""
    path = (store.partition("reports") / name).relative_to(store.root).as_posix()
    digest = hashlib.sha256(content).hexdigest()
    return Ref(path=path, sha256=digest, rows=0).model_dump()


def _is_published(store: Store, content: Mapping[str, Any]) -> bool:
    """Return whether this very night stands there, whole."""
    if not store.manifest_path().is_file():
        return False
    try:
        there = store.read_manifest()
    except ManifestError as error:
        logger.warning("%s: it is written anew", error)
        return False
    there.pop(_RUN, None)
    if there != json.loads(canonical_json(content)):
        return False
    return all(is_intact(store, ref) for ref in _published_refs(content))


def _published_refs(content: Mapping[str, Any]) -> list[Ref]:
    refs = [
        *content["tables"].values(),
        *content["reports"].values(),
        *(ref for model in content["models"].values() for ref in model.values()),
    ]
    return [Ref.model_validate(ref) for ref in refs]


def _sweep(store: Store, content: Mapping[str, Any]) -> None:
    """Remove what the manifest does not name: of a night that was replaced, of a killed run."""
    named = {store.resolve(ref) for ref in _published_refs(content)}
    for table in (*content["tables"], "models"):
        for path in store.partition(table).rglob("*"):
            if path.is_file() and path not in named:
                path.unlink()
