"""The guard without the night: the same checks, counts and examples, and no store."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tasks.operating.check_feed import FeedCheck, check_trial
from tasks.operating.trial import try_feed
from tasks.preparing.checks import CheckSettings
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.errors import FeedError

SOUND = [
    {"id": f"s{n}", "text": f"The kettle leaks for the {n}th time", "date": "2026-02-20"}
    for n in range(20)
]


@pytest.fixture
def checked(tmp_path: Path) -> Any:
    """Check rows as those of a feed."""

    def check(*rows: dict[str, Any], **settings: Any) -> FeedCheck:
        feed = tmp_path / "feed.jsonl"
        feed.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        given = IngestSettings(**settings)
        bounds, cleaning = CheckSettings(), PrepareSettings()
        scratch = tmp_path / "scratch"
        trial = try_feed(str(feed), given, bounds, date(2026, 3, 1), scratch)
        return check_trial(trial, bounds, cleaning)

    return check


def test_of_a_sound_feed_nothing_is_said(checked: Any) -> None:
    found = checked(*SOUND)
    assert found.columns == {"feed.jsonl": {"doc_id": "id", "text": "text", "timestamp": "date"}}
    assert (found.is_stopped, found.n_refused, list(found.failures())) == (False, 0, [])
    assert found.prepared.n_documents == len(SOUND)


def test_rows_that_a_night_would_refuse_are_counted_with_examples(checked: Any) -> None:
    blank = [{"id": f"b{n}", "text": ""} for n in range(4)]
    unseen = {"id": "u", "text": "<p></p>", "date": "2026-02-20"}
    found = checked(*SOUND, *blank, unseen, SOUND[0], {"id": "z", "text": SOUND[0]["text"]})
    assert not found.is_stopped
    assert (found.n_refused, found.n_without_text) == (5, 5)
    assert [(outcome.rule_id, rows) for outcome, rows in found.failures()] == [
        (
            "text_present",
            [f"feed.jsonl row {row}: the text is missing or blank" for row in (21, 22, 23)],
        ),
        ("missing_text_share", []),
        ("text_present", ["feed.jsonl row 25: nothing to read is left"]),
    ]
    assert (found.prepared.n_documents, found.prepared.n_duplicates) == (len(SOUND), 2)


def test_a_feed_that_would_stop_the_night_is_checked_no_further(checked: Any) -> None:
    broken = ({"id": f"b{n}", "text": "t", "date": "soon"} for n in range(4))
    found = checked(*SOUND[:2], *broken)
    assert found.is_stopped
    assert found.prepared is None
    assert "refused_share" in {outcome.rule_id for outcome, _ in found.failures()}


def test_the_settings_are_those_of_a_run(checked: Any) -> None:
    rows = [{"key": row["id"], "said": row["text"]} for row in SOUND]
    with pytest.raises(FeedError, match=r"'key', 'said'"):
        checked(*rows)
    found = checked(*rows, columns={"doc_id": "key", "text": "said"})
    assert found.prepared.n_documents == len(SOUND)
