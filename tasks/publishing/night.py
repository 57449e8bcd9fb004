"""What a night is published from, where its files go, and the manifest that names them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.clusters.plan_fit import Fit
from tasks.clusters.refine import Refined
from tasks.preparing.check_prepared import Documents
from tasks.reading.ingest import RawFeed
from tasks.reporting.describe import Described
from tasks.reporting.evaluate import Evaluation
from tasks.store.history import NightTable
from tasks.store.manifests import FORMAT_VERSION
from tasks.store.storage import ModelRef, Ref, Store, read_table
from tasks.vectors.embed import EncoderRef
from tasks.vectors.views import Views


class Night(BaseModel):
    """Everything that a night is published from."""

    model_config = ConfigDict(frozen=True)

    raw: RawFeed
    raw_checks: Ref
    documents: Documents
    window: list[NightTable]
    """The documents that are clustered together, tonight's among them."""
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


def tables_of(night: Night) -> dict[str, Ref]:
    """Return the stage files of a night's tables."""
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


def _models_of(night: Night) -> dict[str, ModelRef]:
    """Return the stage files of a night's models."""
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


def placed(store: Store, night: Night) -> list[tuple[Ref, str]]:
    """Pair every stage file of a night with its published path."""
    placed = [(ref, _table_path(store, table, ref)) for table, ref in tables_of(night).items()]
    for model, saved in _models_of(night).items():
        placed += [(ref, _model_path(store, model, file, ref)) for file, ref in saved.files.items()]
    return placed


def content_of(store: Store, night: Night, reports: Mapping[str, bytes]) -> dict[str, Any]:
    """Return a night's manifest, without what differs from run to run.

    Parameters
    ----------
    store, night
        What is published.
    reports
        File name → content.
    """
    return {
        "format_version": FORMAT_VERSION,
        "feed": store.feed,
        "night": str(store.night),
        "counts": night.documents.counts.model_dump(),
        "window_documents": night.described.assignments.rows,
        "tables": {
            name: ref.model_copy(update={"path": _table_path(store, name, ref)}).model_dump()
            for name, ref in tables_of(night).items()
        },
        "models": {
            model: {
                file: ref.model_copy(
                    update={"path": _model_path(store, model, file, ref)}
                ).model_dump()
                for file, ref in saved.files.items()
            }
            for model, saved in _models_of(night).items()
        },
        "reports": {name: _report(store, name, content) for name, content in reports.items()},
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
    """Return what the model's labels mean, or those of k-means where these were published."""
    ids = night.described.ids
    if night.evaluation.published == "baseline":
        return ids
    return {piece: ids[label] for piece, label in night.refined.label_of.items() if label in ids}


def _whole_of(night: Night) -> dict[str, str]:
    """Return, for every cluster that the model does not know, the one it puts their texts in."""
    ids, refined = night.described.ids, night.refined
    if night.evaluation.published == "baseline":
        return {}
    return {
        ids[part]: ids[whole]
        for part, whole in refined.whole_of.items()
        if part in ids and whole in ids
    }


def _report(store: Store, name: str, content: bytes) -> dict[str, Any]:
    """Return the reference of a report, under whose digest a changed one is found."""
    path = (store.partition("reports") / name).relative_to(store.root).as_posix()
    digest = hashlib.sha256(content).hexdigest()
    return Ref(path=path, sha256=digest, rows=0).model_dump()
