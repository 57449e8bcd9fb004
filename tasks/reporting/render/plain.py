"""The clusters of a night in lines for pipes: parts with tabs between them, and nothing else."""

from collections.abc import Iterator
from typing import Final

from tasks.boundary.inert import inert
from tasks.reporting.night_view import NightView

_COLUMNS: Final = ("cluster", "size", "change", "status", "topic", "name")


def cluster_lines(night: NightView) -> Iterator[str]:
    """Yield the names of the parts, then a line for each cluster, the largest first.

    No part holds a tab or a line feed, and nothing steers a terminal.
    """
    yield "\t".join(_COLUMNS)
    for row in night.shown:
        cluster_id = row["cluster_id"]
        topic = night.topics.get(cluster_id, "")
        figures = str(row["size"]), f"{row['growth']:+d}"
        yield "\t".join(map(inert, (cluster_id, *figures, row["status"], topic, row["name"])))
