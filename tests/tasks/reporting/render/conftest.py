from typing import Any

import pytest

from tasks.reporting.night_view import NightView, view_of
from tasks.store.manifest_parts import EncoderPart, LabelsPart, RunPart
from tasks.store.manifests import Manifest

HOSTILE = "[red]\x1b[2J|<b>"
"""A text of a feed that is markup to a terminal, to Markdown and to HTML, and clears the screen."""


def cluster(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "cluster_id": f"c-{number:02}",
        "name": f"name {number}",
        "keywords": ["a", "b"],
        "size": number,
        "growth": -1,
        "status": "shrunk",
        **changed,
    }


@pytest.fixture
def night() -> NightView:
    """Return the view of a night with forty clusters, the largest with a hostile name."""
    counts = {"read": 1200, "accepted": 1150, "duplicate": 30, "quarantined": 20}
    metric = {"metric": "silhouette", "space": "embedding", "value": 0.25, "baseline_value": None}
    failed = {"rule_id": "has_text", "severity": "refuse", "success": False, "observed": HOSTILE}
    failed |= {"expected": "every row has a text"}
    sound = failed | {"rule_id": "has_id", "success": True}
    manifest = Manifest(
        feed=HOSTILE,
        night="2026-03-01",
        counts=counts | {"withdrawn": 0, "without_text": 0, "replaced": 0, "late": 0},
        tables={},
        models={},
        columns={"a.jsonl": {"text": HOSTILE}, "empty.jsonl": {}},
        checks={"raw": {"outcomes": [failed, sound]}},
        encoder=EncoderPart(name="E", digest="0"),
        labels=LabelsPart(published="refined", reason="it is better", trust="fair: so"),
        fit={"kind": "full", "since": "2026-03-01", "reason": "the first night", "recipe": "r"},
        n_clusters=40,
        metrics=[metric],
        config={"window_days": 30},
        run=RunPart(published_at="2026-03-01T03:00:00+00:00"),
    )
    clusters = [cluster(number) for number in range(1, 40)]
    event = {"cluster_id": "c-99", "from_ids": [], "to_ids": [], "overlap": None}
    events = [event | {"event": "vanished"}, event | {"event": "survived", "cluster_id": "c-01"}]
    return view_of(manifest, [*clusters, cluster(40, name=HOSTILE)], events)
