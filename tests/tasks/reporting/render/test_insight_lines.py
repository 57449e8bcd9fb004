from dataclasses import replace
from typing import Any

from tasks.reporting.night_view import NightView
from tasks.reporting.render.insight_lines import emergence_sentences, where_sentences


def excess(cluster: str, value: str, **changed: Any) -> dict[str, Any]:
    row = {"cluster_id": cluster, "feed_column": "version", "feed_value": value}
    return row | {"share": 0.5, "overall_share": 0.2, "lift": 2.5} | changed


def test_the_surest_value_of_each_cluster_and_column_is_a_sentence(night: NightView) -> None:
    rows = [excess("c-39", "2.1"), excess("c-39", "2.2"), excess("c-38", "\x1b[2J\n9")]
    said = where_sentences(replace(night, insights={"breakdown": rows}))
    assert said[0] == (
        "'name 39': 50% have version '2.1', of all documents 20% (2.5 times as many)"
    )
    assert len(said) == 2
    assert "\x1b" not in said[1]


def test_the_table_has_what_is_not_shown(night: NightView) -> None:
    rows = [excess(f"c-{number}", "2.1") for number in range(10, 17)]
    said = where_sentences(replace(night, insights={"breakdown": rows}))
    assert said[5:] == ["… and 2 more, in the table `breakdown`"]
    assert where_sentences(night) == []


def test_alarms_come_before_weak_signals_and_what_fades(night: NightView) -> None:
    quiet = {"n_new": 2, "low": 1, "high": 4, "z": 0.1, "kind": "steady", "is_alarm": False}
    rows = [
        quiet | {"cluster_id": "c-37"},
        quiet | {"cluster_id": "c-36", "kind": "falling", "n_new": 0},
        quiet | {"cluster_id": "c-38", "kind": "weak_signal"},
        quiet | {"cluster_id": "c-39", "kind": "rising", "is_alarm": True, "n_new": 14},
    ]
    assert emergence_sentences(replace(night, insights={"emergence": rows})) == [
        "'name 39' had 14 new documents; 1 to 4 were expected",
        "weak signal: 'name 38' is small and has grown this week",
        "fading: 'name 36' had 0 new documents; 1 to 4 were expected",
    ]
    assert emergence_sentences(night) == []
