import logging
from typing import Any

import pytest

from tasks.reporting.insights.alarms import announce, emergence_sentence
from tasks.store.storage import Store


def alarm(**changed: Any) -> dict[str, Any]:
    row = {"cluster_id": "c-1", "n_new": 14, "expected": 2.2, "low": 1, "high": 4, "z": 4.0}
    return row | {"kind": "rising", "is_alarm": True} | changed


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "'login error' had 14 new documents; 1 to 4 were expected"),
        ({"low": 0, "high": 0, "kind": "new_story"}, "'login error' is new and had 14 new documents; none were expected"),
        ({"n_new": 1, "low": 6, "high": 9, "is_alarm": False}, "'login error' had 1 new document; 6 to 9 were expected"),
        ({"low": 1, "high": 1}, "'login error' had 14 new documents; 1 was expected"),
        ({"high": 20}, "'login error' has had more documents than usual for two nights, 14 tonight"),
    ],
)  # fmt: skip
def test_what_emerges_is_a_sentence(changed: dict[str, Any], sentence: str) -> None:
    assert emergence_sentence(alarm(**changed), "login error") == sentence


def test_alarms_are_logged_and_an_event(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr("prefect.events.emit_event", lambda **event: sent.append(event))
    rows = [alarm(is_alarm=False), alarm(cluster_id="c-2"), alarm(cluster_id="c-3", z=9.0)]
    with caplog.at_level(logging.WARNING):
        announce(store, rows, {"c-1": "one", "c-2": "two\x1b[2J", "c-3": "three"})
    (event,) = sent
    assert event["event"] == "nightfold.emergence.alarm"
    assert event["resource"] == {"prefect.resource.id": "nightfold.feed.reviews"}
    assert [it["cluster_id"] for it in event["payload"]["alarms"]] == ["c-3", "c-2"]
    assert "\x1b" not in str(event)
    assert "'three' had 14 new documents" in caplog.text
    assert "'one'" not in caplog.text


def test_a_night_without_alarms_sends_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prefect.events.emit_event", lambda **_: pytest.fail("an event was sent"))
    announce(store, [alarm(is_alarm=False)], {"c-1": "one"})
