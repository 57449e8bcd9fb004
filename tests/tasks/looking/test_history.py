"""A cluster over the nights: its own rows, and the events that it is part of."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tasks.looking import lines
from tasks.looking.history import ClusterHistory, night_of, read_cluster_history
from tasks.looking.texts import NotThereError
from tasks.store.storage import Store

CLUSTER = {
    "cluster_id": "c-1", "name": "battery", "size": 7, "share": 0.25, "mentions": 9, "topic_id": "t-1",
}  # fmt: skip
MERGED = {
    "event": "merged",
    "cluster_id": "c-2",
    "from_ids": ["c-1", "c-2"],
    "to_ids": ["c-2"],
    "overlap": 0.5,
}
NAMES = {"c-1": "battery", "c-2": "charger"}


def test_a_night_without_a_word_on_it_is_left_out() -> None:
    assert night_of("2026-03-01", "c-9", [CLUSTER], [MERGED], NAMES) is None


def test_an_event_of_another_cluster_says_what_became_of_it() -> None:
    there = night_of("2026-03-01", "c-1", [CLUSTER], [], NAMES)
    gone = night_of("2026-03-02", "c-1", [], [MERGED], NAMES)
    assert there
    assert gone
    assert (there.size, gone.size) == (7, None)
    shown = list(lines.history(ClusterHistory("reviews", "c-1", [there, gone], "2026-03-01")))
    assert shown[1:] == [
        "  2026-03-01  7 (25.0%), mentioned by 9, topic t-1  battery",
        "  2026-03-02  not among the clusters",
        "    merged: c-2 (charger) from c-1 (battery), c-2 (charger) to c-2 (charger), overlap 0.50",
    ]


def test_what_a_name_holds_steers_no_terminal() -> None:
    night = night_of("2026-03-01", "c-1", [CLUSTER | {"name": "a\x1b[2Jb\nc"}], [], NAMES)
    assert night
    shown = list(lines.history(ClusterHistory("reviews", "c-1", [night], "2026-03-01")))
    assert shown[1].endswith(r"  a\x1b[2Jb c")


def test_it_is_read_from_the_published_nights_up_to_one(
    store: Store, publish_night: Callable[..., dict[str, Any]]
) -> None:
    publish_night(1, ["a", "b"])
    publish_night(2, ["c"], window=["b"])
    publish_night(3, ["d"], window=["b"])
    found = read_cluster_history(store.on(date(2026, 3, 2)), "c-1")
    assert [night.night for night in found.nights] == ["2026-03-01", "2026-03-02"]
    with pytest.raises(NotThereError, match=r"has a cluster 'c-l'; did you mean c-[12]\?"):
        read_cluster_history(store, "c-l")
