"""A night that did not run is told by the age of the last one that did."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.cli.overdue import last_nights, older_than
from tasks.reporting.published import NoNightError

Publish = Callable[[Path, str, date, datetime], None]


@pytest.fixture
def store(publish_at: Publish, tmp_path: Path) -> Path:
    """A store with a feed that was published an hour ago, and one that was not for two days."""
    now = datetime.now(UTC)
    today = now.date()
    for days in (3, 2):
        at = now - timedelta(days=days)
        publish_at(tmp_path, "tickets", today - timedelta(days=days), at)
    publish_at(tmp_path, "reviews", today, now - timedelta(hours=1))
    return tmp_path


def test_the_feed_that_is_late_is_named(store: Path) -> None:
    now = datetime.now(UTC)
    late = older_than(last_nights(store, None), 26, now)
    assert [it.feed for it in late] == ["tickets"]
    assert late[0].line(now).startswith(f"feed tickets: night {late[0].night} was published 48.0")
    assert older_than(last_nights(store, None), 49, now) == []
    assert older_than(last_nights(store, "reviews"), 26, now) == []


def test_a_feed_that_was_never_published_is_not_in_time(store: Path, tmp_path: Path) -> None:
    with pytest.raises(NoNightError, match="of feed 'mail'"):
        last_nights(store, "mail")
    with pytest.raises(NoNightError, match="holds no published night"):
        last_nights(tmp_path / "elsewhere", None)


def test_cron_learns_it_by_the_exit_code(invoke: Callable[..., Any], store: Path) -> None:
    late = invoke("overdue", "--store", store, "--hours", "26")
    assert late.exit_code == 1
    assert "overdue: feed tickets" in late.stderr
    assert "reviews" not in late.stderr
    told = json.loads(invoke("overdue", "--store", store, "--json").stdout)
    assert [(it["feed"], it["is_overdue"]) for it in told] == [
        ("reviews", False),
        ("tickets", True),
    ]
    assert told[1]["hours_ago"] == 48.0
    in_time = invoke("overdue", "--store", store, "--hours", "26", "--feed-name", "reviews")
    assert (in_time.exit_code, in_time.stderr) == (0, "")
    assert in_time.stdout.startswith("feed reviews: night")
    assert invoke("overdue", "--store", store / "none", "--hours", "26").exit_code == 2
