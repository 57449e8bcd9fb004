"""Figures of a cluster as people read them, the same in the terminal and in the summary."""

from collections.abc import Mapping
from typing import Any, Final

_NOTHING: Final = "–"


def rating_cells(row: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return the mean rating of a cluster with its interval, and its impact, never as -0.00."""
    if row is None or row["mean_rating"] is None:
        return _NOTHING, _NOTHING
    mean, impact = f"{row['mean_rating']:.2f}", row["impact"]
    interval = "" if row["low"] is None else f" ({row['low']:.1f}–{row['high']:.1f})"
    return mean + interval, _NOTHING if impact is None else f"{round(impact, 2) + 0.0:+.2f}"


def mention_cells(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the share of the documents that are in a cluster, and of those that mention it.

    A document mentions a cluster that it is in, or has a passage in.
    """
    share, mentions = row.get("share"), row.get("mentions")
    if share is None or mentions is None or not row["size"]:
        return _NOTHING, _NOTHING
    return f"{share:.0%}", f"{share * mentions / row['size']:.0%}"
