"""All that the report of a night says, as one JSON object: the page shows it, programs read it."""

import json
from typing import Any, Final

from tasks.boundary.counted import counted
from tasks.reporting.night_view import NightView
from tasks.reporting.render.page.changes import changes_of
from tasks.reporting.render.page.themes import themes_of, topics_of
from tasks.reporting.render.page.trust import trust_of

VERSION: Final = 1
"""Raised when a key of the object changes its meaning."""

_DATA_TABLES: Final = ("documents", "assignments", "mentions", "map", "near_duplicates", "watches")
"""Tables with a row for each document, which programs read themselves."""


def content_of(night: NightView) -> dict[str, Any]:
    """Return what the report of a night says."""
    manifest, changes = night.manifest, changes_of(night)
    points = night.beside.points
    return {
        "version": VERSION,
        "feed": manifest.feed,
        "night": manifest.night,
        "headline": _headline(night, changes),
        "changes": changes,
        "trust": trust_of(night),
        "map": {
            **manifest.map,
            "n_shown": len(points.doc_ids) if points else 0,
            "n_left_out": points.n_left_out if points else 0,
        },
        "topics": topics_of(night),
        "themes": themes_of(night),
        "copies": manifest.near_duplicates,
        "watches": manifest.watches,
        "curation": {it: manifest.curation.get(it, []) for it in ("in_force", "resting")},
        "n_ignored": len(night.clusters) - len(night.shown),
        "tables": {it: manifest.tables[it].path for it in _DATA_TABLES if it in manifest.tables},
    }


def report_json(content: dict[str, Any]) -> str:
    """Return the content as text, for the file beside the page."""
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _headline(night: NightView, changes: list[dict[str, Any]]) -> str:
    """Return the night in a sentence."""
    counts = night.manifest.counts
    if not counts["read"]:
        new = "Nothing new was read"
    else:
        new = f"{counted(counts['accepted'], 'new document')} of {counted(counts['read'], 'row')}"
    themes = counted(len(night.shown), "theme")
    n_topics = sum(row.get("level") == "topic" for row in night.tree)
    topics = f" in {counted(n_topics, 'topic')}" if n_topics else ""
    n_alarms = sum(it["level"] == "alarm" for it in changes)
    alarms = counted(n_alarms, "alarm") if n_alarms else "no alarm"
    return f"{new}; {themes}{topics}; {alarms}."
