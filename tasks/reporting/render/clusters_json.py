"""The clusters of a night as JSON, for programs."""

import json
from typing import Final

from tasks.reporting.night_view import NightView

_PARTS: Final = (
    "feed",
    "night",
    "counts",
    "n_clusters",
    "labels",
    "curation",
    "watches",
    "near_duplicates",
)
"""What the manifest tells beside them."""


def clusters_json(night: NightView) -> str:
    """Return the clusters of a night as JSON."""
    told = night.manifest.model_dump(include=set(_PARTS))
    shown = {part: told[part] for part in _PARTS}
    tables = {"clusters": night.clusters, **night.insights}
    return json.dumps(shown | tables, ensure_ascii=False, indent=2)
