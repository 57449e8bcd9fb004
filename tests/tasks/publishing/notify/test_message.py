"""The first lines of a night, and what counts as an alarm."""

from types import SimpleNamespace
from typing import Any

from tasks.publishing.notify.message import message_of

EMERGED = {
    "cluster_id": "c-1", "n_new": 9, "low": 0, "high": 2, "z": 5.0, "kind": "new_story", "is_alarm": True,
}  # fmt: skip


def night(**more: Any) -> Any:
    counts = dict.fromkeys(
        ("read", "accepted", "duplicate", "quarantined", "withdrawn", "without_text", "replaced", "late"), 0
    )  # fmt: skip
    manifest = SimpleNamespace(
        feed="reviews",
        night="2026-03-01",
        counts=counts,
        watches=[{"name": "fire\x1b[2J", "n_documents": 2, "n_new": 1, "n_before": None}],
        labels=SimpleNamespace(trust="high"),
    )
    given = {"manifest": manifest, "fit": None, "insights": {}, "shown": [1, 2], **more}
    return SimpleNamespace(name_of=lambda _: "a\x1b[2J<script>", **given)


def test_alarms_come_first_and_texts_of_the_feed_are_inert() -> None:
    told = message_of(night(insights={"emergence": [EMERGED]}))
    assert told.n_alarms == 1
    assert told.title.endswith("1 alarm")
    assert "is new and had 9 new documents" in told.lines[0]
    assert told.lines[1] == r"watch fire\x1b[2J: 2 documents, 1 of them new"
    assert "\x1b" not in told.text()
    assert "<script>" not in told.html()


def test_drift_beyond_its_limit_is_an_alarm() -> None:
    figures = [
        SimpleNamespace(measure="new_share", value=0.5, limit=0.4, is_alarm=True),
        SimpleNamespace(measure="far_share", value=0.1, limit=0.2, is_alarm=False),
    ]
    told = message_of(night(fit=SimpleNamespace(drift=figures)))
    assert (told.n_alarms, told.lines[0]) == (1, "drift: new_share is 0.500, above 0.400")
    assert message_of(night()).title.endswith("no alarm")
