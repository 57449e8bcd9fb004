from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.clusters.window import WindowDocuments
from tasks.curating.found import FoundTonight
from validation.tables.cluster_schemas import ASSIGNMENTS

TEXTS = [
    "login fails", "password lost", "app slow", "app crashes",  # c-1
    "refund late", "refund never came",  # c-2
    "invoice wrong",  # c-3
]  # fmt: skip
FOUND = ["c-1"] * 4 + ["c-2"] * 2 + ["c-3"]


def row(cluster_id: str, name: str, size: int, **changed: Any) -> dict[str, Any]:
    return {
        "cluster_id": cluster_id,
        "name": name,
        "keywords": [name, f"{name} word"],
        "size": size,
        "share": size / 8,
        "growth": 0,
        "cohesion": 0.5,
        "stability": 0.9,
        "exemplar_doc_ids": ["x"],
        "first_seen": "2026-03-02",
        "last_seen": "2026-03-05",
        "status": "grown",
        "kind": "theme",
        "topic_id": "t-1",
        "exemplar_texts": ["x"],
        "category": None,
        "is_ignored": None,
        **changed,
    }


@pytest.fixture
def tonight() -> FoundTonight:
    """Return seven texts in three clusters; the last text is that of two documents."""
    items = np.array([0, 1, 2, 3, 4, 5, 6, 6])
    doc_ids = [f"d{it}" for it in range(8)]
    directions = np.array([0, 0, 1, 1, 2, 2, 3])
    X = np.eye(4, dtype=np.float32)[directions] + np.float32(0.1)
    X[6, 2] = 0.8
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    columns = {
        "doc_id": doc_ids,
        "cluster_id": [FOUND[it] for it in items],
        "confidence": np.full(8, 0.9, np.float32),
        "margin": np.full(8, 0.8, np.float32),
        "is_outlier": [False] * 8,
        "is_new": [False] * 8,
        "topic_id": ["t-2" if it == 6 else "t-1" for it in items],
        "group": [None] * 8,
    }
    node = {"parent_id": None, "level": "topic", "size": 0}
    event = {"from_ids": [], "to_ids": [], "overlap": None}
    told = (("grown", "c-1"), ("renamed", "c-1"), ("grown", "c-3"), ("split", "c-3"))
    return FoundTonight(
        night="2026-03-05",
        X=X,
        texts=TEXTS,
        documents=WindowDocuments(doc_ids, items, np.zeros(8, dtype=bool)),
        assigned=pa.table(columns, schema=ASSIGNMENTS),
        clusters=[
            row("c-1", "app", 4),
            row("c-2", "refund", 2, first_seen="2026-03-01"),
            row("c-3", "invoice", 2, topic_id="t-2"),
        ],
        events=[event | {"event": kind, "cluster_id": cluster} for kind, cluster in told],
        tree=[node | {"node_id": f"t-{it}", "name": f"topic {it}"} for it in (1, 2)],
    )
