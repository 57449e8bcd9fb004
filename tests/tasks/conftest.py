import gzip
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.clusters.fit import Fit
from tasks.preparing.texts.cleaning import text_digest
from tasks.publishing.night import Night, Surroundings
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, RawFeed, read_feed
from tasks.reading.sources.base import Piece
from tasks.store.aside.copies import keep_copy
from tasks.store.embeddings import EmbeddingShelf, fixed_lists, shelves_of
from tasks.store.files import copy_atomically, sha256_of, write_atomically
from tasks.store.history import NightTable
from tasks.store.manifests import FORMAT_VERSION
from tasks.store.sealed import write_sealed
from tasks.store.storage import ModelRef, Ref, Store, keep_bytes, keep_table, read_table
from tasks.vectors.encoder import EncoderRef
from validation.tables.schemas import EVERY_NIGHT, PUBLISHED

WriteFeed = Callable[[str, bytes], Piece]
Compress = Callable[[bytes, str], bytes]
PublishNight = Callable[..., dict[str, Any]]
MakeNight = Callable[..., tuple[Store, Night]]
IngestRows = Callable[..., tuple[RawFeed, list[dict[str, Any]]]]

ENCODER = {"name": "E", "digest": "0123456789abcdef"}
FIT = Fit(kind="full", since=date(2026, 3, 1), reason="the first night", recipe="r")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(root=tmp_path / "store", feed="reviews", night=date(2026, 3, 2))


@pytest.fixture
def write_feed(store: Store, tmp_path: Path) -> WriteFeed:
    """Write one file of a feed and find it."""

    def write(name: str, content: bytes) -> Piece:
        path = tmp_path / "feed" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return find_pieces(store, str(path)).pieces[0]

    return write


@pytest.fixture(scope="session")
def compress() -> Compress:
    """Compress bytes as an ending says."""

    def compressed(content: bytes, ending: str) -> bytes:
        if ending == ".gz":
            return gzip.compress(content)
        if ending == ".zst":
            sink = pa.BufferOutputStream()
            with pa.CompressedOutputStream(sink, "zstd") as stream:
                stream.write(content)
            return bytes(sink.getvalue().to_pybytes())
        return content

    return compressed


@pytest.fixture
def ingest_files(store: Store, tmp_path: Path) -> IngestRows:
    """Write the files of a feed, read them, and give the raw rows."""

    def ingested(
        files: dict[str, bytes], settings: IngestSettings | None = None
    ) -> tuple[RawFeed, list[dict[str, Any]]]:
        folder = tmp_path / "feed"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        raw = read_feed(store, find_pieces(store, str(folder)), settings or IngestSettings())
        return raw, read_table(store, raw.rows).to_pylist()

    return ingested


@pytest.fixture
def publish_night(store: Store) -> PublishNight:
    """Publish a sound night without a run: some documents, two clusters, small models.

    Documents of earlier nights that are still in the window come as `window`; of all, those that
    are short remarks as `remarks`, and those of several passages with these as `passages`.
    """

    def publish(
        day: int,
        new: list[str],
        window: list[str] | None = None,
        feed: str = "reviews",
        withdrawn: list[str] | None = None,
        remarks: list[str] | None = None,
        *,
        passages: Mapping[str, Sequence[str]] | None = None,
    ) -> dict[str, Any]:
        tonight = Store(root=store.root, feed=feed, night=date(2026, 3, day))
        rows = night_rows(new, window or [], withdrawn or [], remarks or [])
        shelf = EmbeddingShelf(store.root, ENCODER["name"], ENCODER["digest"])
        shelf.complete(vectors_of(new, day))
        if passages:
            rows["mentions"] = in_passages(rows["mentions"], passages)
            shelve_passages(store, passages, day)
        tables = {
            name: published(
                tonight, name, keep_table(store, "made", rows_table(name, rows.get(name, [])))
            )
            for name in EVERY_NIGHT
        }
        models = {
            model: {
                "model.json": published(
                    tonight,
                    f"models/{model}",
                    keep_bytes(store, "made", f"{model} {day}".encode(), ".json"),
                )
            }
            for model in ("clustering", "lexical", "identity")
        }
        manifest = {
            "format_version": FORMAT_VERSION, "feed": feed, "night": str(tonight.night),
            "counts": {
                "read": len(new) + 2 + len(rows["withdrawn"]), "accepted": len(new), "duplicate": 1, "quarantined": 1, "without_text": 0, "replaced": 0,
                "withdrawn": len(rows["withdrawn"]), "late": 0,
            },
            "tables": tables, "models": models, "reports": {"summary.md": report(tonight)},
            "config": {"window_days": 30},
            "encoder": ENCODER,
            "labels": {"published": "refined"}, "fit": None,
            "run": {"published_at": f"2026-03-{day:02}T03:00:00+00:00"},
        }  # fmt: skip
        write_sealed(tonight.manifest_path(), manifest)
        keep_copy(tonight, tonight.manifest_path())
        return manifest

    return publish


def report(tonight: Store) -> dict[str, Any]:
    """Write a summary and its copy; return its reference."""
    path = tonight.partition("reports") / "summary.md"
    write_atomically(path, f"# night {tonight.night} of {tonight.feed}".encode())
    keep_copy(tonight, path)
    place = path.relative_to(tonight.root).as_posix()
    return Ref(path=place, sha256=sha256_of(path), rows=0).model_dump()


def published(tonight: Store, table: str, ref: Ref) -> dict[str, Any]:
    """Copy a stage file to its published place and give its reference there."""
    folder, _, model = table.partition("/")
    path = tonight.partition(folder) / model / f"part-{ref.sha256[:16]}{Path(ref.path).suffix}"
    copy_atomically(tonight.resolve(ref), path)
    place = path.relative_to(tonight.root).as_posix()
    return ref.model_copy(update={"path": place}).model_dump()


def text_digest_of(doc_id: str) -> str:
    return f"digest of {doc_id}"


def vectors_of(doc_ids: list[str], day: int) -> pa.Table:
    matrix = np.full((len(doc_ids), 2), day, np.float32)
    digests = pa.array([text_digest_of(it) for it in doc_ids])
    return pa.table([digests, fixed_lists(matrix)], names=["text_digest", "embedding"])


def in_passages(
    mentions: list[dict[str, Any]], passages: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """Cut the documents that have several passages into these."""
    return [
        row | {"passage": said, "start": 100 * place, "end": 100 * place + len(said)}
        for row in mentions
        for place, said in enumerate(passages.get(row["doc_id"], [row["passage"]]))
    ]


def shelve_passages(store: Store, passages: Mapping[str, Sequence[str]], day: int) -> None:
    """Put a vector for each of some passages on their shelf."""
    digests = [text_digest(None, it) for of in passages.values() for it in of]
    _, shelf = shelves_of(store.root, ENCODER["name"], ENCODER["digest"])
    matrix = fixed_lists(np.full((len(digests), 2), -day, np.float32))
    shelf.complete(pa.table([pa.array(digests), matrix], names=["text_digest", "embedding"]))


def night_rows(
    new: list[str], window: list[str], withdrawn: list[str], remarks: list[str] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """The rows of a night's tables: every other document is in the other cluster."""
    assigned = [it for it in [*window, *new] if it not in (remarks or [])]
    clusters = {"c-1": assigned[::2], "c-2": assigned[1::2], "remarks": remarks or []}
    return {
        "documents": documents_of(new),
        "duplicates": [
            {"file": "f", "row": 1, "doc_id": new[0], "duplicate_of": new[0], "kind": "same_row", "first_night": "x"}
        ],
        "quarantine": [{"file": "f", "row": 2, "rule_id": "r", "severity": "s", "reason": "r", "raw": "{"}],
        "withdrawn": [{"file": "f", "row": 3, "doc_id": it, "kind": "known", "first_night": "x"} for it in withdrawn],
        "assignments": [
            {"doc_id": it, "cluster_id": name, **sure_of(name), "is_outlier": False, "is_new": it in new}
            for name, members in clusters.items() for it in members
        ],
        "clusters": [
            {
                "cluster_id": name, "name": f"name of {name}", "keywords": ["a"], "size": len(members), "share": 0.5, "growth": 0,
                "cohesion": 0.5, "exemplar_doc_ids": members[:1], "first_seen": "x", "last_seen": "x", "status": "born",
            }
            for name, members in clusters.items() if members
        ],
        "cluster_tree": [
            {"node_id": name, "parent_id": None, "level": "theme", "name": f"name of {name}", "size": len(members)}
            for name, members in clusters.items() if members
        ],
        "mentions": [
            {"doc_id": it, "passage": it, "start": 0, "end": len(it), "cluster_id": name, "confidence": 0.9}
            for name, members in clusters.items() for it in members
        ],
        "cluster_events": [],
        "metrics": [{"metric": "m", "space": "s", "value": 1.0, "baseline_value": None}],
        "drift": [{"measure": "m", "value": 0.1, "limit": 0.2, "is_alarm": False}],
    }  # fmt: skip


def sure_of(cluster_id: str) -> dict[str, float]:
    """Return the confidence and the margin of the documents of a cluster."""
    is_certain = cluster_id == "remarks"
    return {"confidence": 1.0 if is_certain else 0.9, "margin": 1.0 if is_certain else 0.8}


def documents_of(doc_ids: list[str]) -> list[dict[str, Any]]:
    return [
        {"doc_id": it, "text": it, "text_digest": text_digest_of(it), "source": "f.jsonl", "is_truncated": False}
        for it in doc_ids
    ]  # fmt: skip


def rows_table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Lay rows out as a table; a later column that none has is left out, as in an older night."""
    table = PUBLISHED[name]
    lacking = table.later if rows and not table.later & rows[0].keys() else frozenset[str]()
    return pa.Table.from_pylist(
        rows, schema=pa.schema([it for it in table.schema if it.name not in lacking])
    )


@pytest.fixture
def make_night(store: Store) -> MakeNight:
    """Make a sound night that is ready to be published: as `publish_night`, by its stage files."""

    def make(
        day: int,
        new: list[str],
        window: list[str] | None = None,
        passages: list[str] | None = None,
    ) -> tuple[Store, Night]:
        tonight = store.model_copy(update={"night": date(2026, 3, day)})
        rows = night_rows(new, window or [], [])
        tables = {
            it: keep_table(store, "made", rows_table(it, rows.get(it, []))) for it in EVERY_NIGHT
        }
        past = keep_table(store, "made", rows_table("documents", documents_of(window or [])))
        results = keep_bytes(store, "made", b'{"outcomes": []}', ".json")
        n_read = {
            "read": len(new) + 2,
            "accepted": len(new),
            "duplicate": 1,
            "quarantined": 1,
            "without_text": 0,
            "replaced": 0,
        }
        night = Night(
            tables=tables,
            models={it: made_model(store, f"{it} {day}") for it in ("clustering", "lexical", "identity")},
            checks={"raw": results, "prepared": results},
            facts={
                "counts": n_read | {"withdrawn": 0, "late": 0},
                "columns": {}, "column_changes": [],
                "labels": {"published": "refined", "reason": "better", "trust": "high"},
                "fit": FIT.model_dump(mode="json"),
                "n_clusters": 2, "cluster_ids": {0: "c-1", 1: "c-2"}, "whole_of": {},
            },
            around=Surroundings(
                window=[
                    NightTable(night=date(2026, 3, 1), table=past),
                    NightTable(night=tonight.night, table=tables["documents"]),
                ],
                items=keep_table(store, "made", vectors_of(new, day)),
                passages=keep_table(store, "made", vectors_of(passages or [], day)),
                encoder=EncoderRef(**ENCODER, folder="f"),
                config={"window_days": 30},
                read_from="feed",
            ),
        )  # fmt: skip
        return tonight, night

    return make


def made_model(store: Store, content: str) -> ModelRef:
    return ModelRef(files={"model.json": keep_bytes(store, "made", content.encode(), ".json")})
