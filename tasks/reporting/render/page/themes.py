"""The themes of a night, each with its figures, its words, its neighbours and its history."""

from typing import Any, Final

from tasks.reporting.beside.past import PastView
from tasks.reporting.night_view import NightView, Row, grouped_name
from tasks.reporting.render.page.changes import quoted

_EXEMPLARS: Final = 5
_BREAKDOWN: Final = 4
_AS_THEY_ARE: Final = (
    "keywords", "size", "share", "growth", "mentions", "status", "kind", "cohesion",
    "stability", "first_seen", "last_seen", "category", "title",
)  # fmt: skip
"""Columns of the table `clusters`; nights of an older nightfold lack some."""


def themes_of(night: NightView) -> list[dict[str, Any]]:
    """Return the themes that nobody has hidden, the largest first."""
    return [_theme(night, row) for row in night.shown]


def topics_of(night: NightView) -> list[dict[str, Any]]:
    """Return the topics with their themes, the largest first; there may be none."""
    topics = [row for row in night.tree if row.get("level") == "topic"]
    under: dict[str, list[str]] = {}
    for row in night.tree:
        if row["parent_id"] is not None:
            under.setdefault(row["parent_id"], []).append(row["node_id"])
    return [
        {
            "id": row["node_id"],
            "name": row["name"],
            "size": row["size"],
            "themes": under.get(row["node_id"], []),
        }
        for row in sorted(topics, key=lambda it: (-it["size"], it["node_id"]))
    ]


def _theme(night: NightView, row: Row) -> dict[str, Any]:
    cluster_id, past = row["cluster_id"], night.beside.past
    insights, typical = night.insights, night.beside.typical.get(cluster_id)
    breakdown = [it for it in insights.get("breakdown", ()) if it["cluster_id"] == cluster_id]
    emergence = [it for it in insights.get("emergence", ()) if it["cluster_id"] == cluster_id]
    return {
        "id": cluster_id,
        **{name: row.get(name) for name in _AS_THEY_ARE},
        "name": grouped_name(row),
        "rating": night.ratings.get(cluster_id),
        "breakdown": breakdown[:_BREAKDOWN],
        "emergence": emergence[0] if emergence else None,
        "exemplars": quoted(night, row, _EXEMPLARS),
        "nearest": [
            {"id": other, "name": night.name_of(other), "similarity": similarity}
            for other, similarity in night.beside.nearest.get(cluster_id, ())
        ],
        "sizes": [_size(it, cluster_id) for it in past],
        "history": _history(night, cluster_id),
        **({"typical": typical} if typical else {}),
    }


def _size(past: PastView, cluster_id: str) -> dict[str, Any]:
    found = past.clusters.get(cluster_id, {})
    size = found.get("size", 0)
    return {"night": past.night, "size": size, "mentions": found.get("mentions") or size}


def _history(night: NightView, cluster_id: str) -> list[dict[str, Any]]:
    """Return the nights on which something happened to a theme, newest first."""
    told: list[dict[str, Any]] = []
    last_name = None
    for past in night.beside.past:
        name = past.clusters.get(cluster_id, {}).get("name")
        events = [
            {"event": it["event"], "from": it["from_ids"], "to": it["to_ids"]}
            for it in past.events
            if it["cluster_id"] == cluster_id and it["event"] != "survived"
        ]
        if events or name not in {None, last_name}:
            told.append({"night": past.night, "name": name, "events": events})
        last_name = name or last_name
    return told[::-1]
