from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tasks.reporting.beside.past import PastView
from tasks.reporting.beside.points import Points
from tasks.reporting.night_view import Beside, NightView

BREAKOUT = "</script><img src=x onerror=alert(1)><script>alert(2)</script><!--"
HOSTILE = [
    BREAKOUT, "مرحبا \u202eabc", "東京の電池がすぐ切れる", "👩‍👩‍👧‍👦" * 30, "W" * 5000, "{{ 7 * 7 }}", "\u2028\u2029&amp;",
]  # fmt: skip


@pytest.fixture
def hostile_night(night: NightView) -> NightView:
    """Return a night whose every text attacks the page, with all parts that a report has."""
    clusters = [
        row | {"exemplar_texts": HOSTILE, "exemplar_doc_ids": HOSTILE} for row in night.clusters
    ]
    clusters[1] |= {"name": BREAKOUT, "keywords": HOSTILE}
    ids = [row["cluster_id"] for row in clusters]
    tree: list[dict[str, Any]] = [
        {"node_id": "t-1", "parent_id": None, "level": "topic", "name": BREAKOUT, "size": 9},
        *({"node_id": it, "parent_id": "t-1", "level": "theme", "name": it, "size": 3} for it in ids[:5]),
    ]  # fmt: skip
    events = [
        {"event": kind, "cluster_id": it, "from_ids": ids[:2], "to_ids": ids[2:4], "overlap": 0.5}
        for kind, it in zip(["born", "split", "merged", "vanished", "renamed"], ids, strict=False)
    ]
    past = PastView(
        "2026-03-01",
        night.manifest.counts,
        {it["cluster_id"]: it for it in clusters},
        events,
        night.manifest.metrics,
    )
    rng = np.random.default_rng(0)
    n = len(HOSTILE) * 20
    points = Points(
        [f"{it} {BREAKOUT}" for it in range(n)], HOSTILE * 20, [ids[it % len(ids)] for it in range(n)],
        [it % 3 == 0 for it in range(n)], rng.normal(size=(n, 2)).astype(np.float32), 0,
    )  # fmt: skip
    refused = [
        {
            "rule": "row_parses",
            "n": 2,
            "examples": [{"file": BREAKOUT, "row": 1, "reason": BREAKOUT, "raw": BREAKOUT}],
        }
    ]
    watches = [
        {
            "name": BREAKOUT,
            "text": "a",
            "n_documents": 2,
            "n_new": 1,
            "n_before": None,
            "examples": HOSTILE[:2],
        }
    ]
    copies = {
        "n_documents": 3,
        "n_groups": 1,
        "largest": [{"group_id": "g", "cluster_id": ids[0], "n_documents": 3, "example": BREAKOUT}],
    }
    curation = {"in_force": [BREAKOUT], "resting": [BREAKOUT]}
    changed = {
        "watches": watches,
        "near_duplicates": copies,
        "curation": curation,
        "languages": {"en": 1.0},
    }
    return replace(
        night,
        manifest=night.manifest.model_copy(update=changed),
        clusters=clusters,
        events=events,
        tree=tree,
        beside=Beside([past], refused, {ids[0]: [(ids[1], 0.5)]}, points),
    )
