"""Clusters in a pipe."""

from typing import Any

from tasks.reporting.night_view import NightView
from tasks.reporting.render.plain import cluster_lines


def row(number: int, **more: Any) -> dict[str, Any]:
    cluster_id = f"c-{number}"
    return {
        "cluster_id": cluster_id,
        "size": 10,
        "growth": -2,
        "status": "born",
        "name": "n",
        **more,
    }


def test_a_line_for_each_cluster_with_as_many_parts_as_the_first_line() -> None:
    rows = [row(1, name="a\tb\x1b[2J\nc"), row(2, is_ignored=True), row(3)]
    tree = [
        {"node_id": "t-1", "parent_id": None, "name": "power"},
        {"node_id": "c-3", "parent_id": "t-1", "name": "n"},
    ]
    lines = list(cluster_lines(NightView(None, rows, [], tree)))  # type: ignore[arg-type]
    assert [line.split("\t") for line in lines] == [
        ["cluster", "size", "change", "status", "topic", "name"],
        ["c-1", "10", "-2", "born", "", r"a\tb\x1b[2J\nc"],
        ["c-3", "10", "-2", "born", "power", "n"],
    ]
