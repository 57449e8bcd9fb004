"""What a store tells of its nights, read as anybody would read it: by the manifests."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Night:
    """One published night."""

    night: str
    manifest: Path
    doc_ids: list[str]
    """Of the window."""
    cluster_ids: NDArray[np.str_]
    seconds: dict[str, float]
    """Of the stages that ran."""
    told: dict[str, int]
    """How often each event stands in the night's table of events."""
    config: dict[str, Any]
    encoder: dict[str, str]


class Vectors:
    """Texts and embeddings of all documents of a store."""

    def __init__(self, store: Path, nights: Sequence[Night]) -> None:
        from tasks.store.embeddings import EmbeddingShelf

        parts = [_table(store, night.manifest, "documents") for night in nights]
        self._documents = pd.concat(parts).set_index("doc_id")
        digests = list(dict.fromkeys(self._documents["text_digest"]))
        encoder = nights[-1].encoder
        shelf = EmbeddingShelf(store, encoder["name"], encoder["digest"])
        self._rows = {digest: row for row, digest in enumerate(digests)}
        self._embeddings = shelf.gather(digests)

    def of(self, digests: Sequence[str]) -> NDArray[np.float32]:
        """Give the embeddings of some texts in their order, shape (n_texts, embedding_dim)."""
        return self._embeddings[[self._rows[digest] for digest in digests]]

    def digests(self, night: Night) -> list[str]:
        """Give the text digest of each document of a night's window."""
        return self._documents.loc[night.doc_ids, "text_digest"].tolist()

    def texts(self, night: Night) -> dict[str, str]:
        """Give digest → text as it was embedded, in the order of first appearance."""
        from tasks.preparing.texts.cleaning import embedded_text

        rows = self._documents.loc[night.doc_ids]
        texts: dict[str, str] = {}
        for digest, title, text in zip(
            rows["text_digest"], rows["title"], rows["text"], strict=True
        ):
            texts.setdefault(digest, embedded_text(title, text))
        return texts

    def centroids(self, night: Night, labels: Labels) -> NDArray[np.float64]:
        """Give the direction of each cluster's mean, shape (n_clusters, embedding_dim)."""
        embeddings = self.of(self.digests(night)).astype(np.float64)
        means = np.stack([embeddings[labels == k].mean(axis=0) for k in range(labels.max() + 1)])
        directions: NDArray[np.float64] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return directions


def read_nights(store: Path, feed: str) -> list[Night]:
    """Read every published night of a feed, in order."""
    manifests = sorted(store.glob(f"runs/feed={feed}/night=*/manifest.json"))
    return [_night(store, path) for path in manifests]


def _night(store: Path, path: Path) -> Night:
    manifest = json.loads(path.read_text("utf-8"))
    assignments = _table(store, path, "assignments")
    events = _table(store, path, "cluster_events")
    return Night(
        night=manifest["night"],
        manifest=path,
        doc_ids=assignments["doc_id"].tolist(),
        cluster_ids=assignments["cluster_id"].to_numpy(dtype=str),
        seconds={it["stage"]: it["seconds"] for it in manifest["run"]["stages"]},
        told=dict(Counter(events["event"])),
        config=manifest["config"],
        encoder=manifest["encoder"],
    )


def _table(store: Path, manifest: Path, name: str) -> pd.DataFrame:
    """Read a night's table by its manifest."""
    path = json.loads(manifest.read_text("utf-8"))["tables"][name]["path"]
    return pd.read_parquet(store / path, partitioning=None)
