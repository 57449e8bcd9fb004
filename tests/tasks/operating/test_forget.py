from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tasks.operating.doctor.examine import repair_all
from tasks.operating.forget import CannotForgetError, forget_night, night_named
from tasks.operating.prune import prune
from tasks.store.storage import Store

PublishNight = Callable[..., dict[str, Any]]


@pytest.fixture
def stored(store: Store, publish_night: PublishNight) -> Store:
    for day in (1, 2, 3):
        publish_night(day, [f"a{day}", f"b{day}"])
    return store


def test_a_night_goes_to_the_trash_whole_and_does_not_come_back(stored: Store) -> None:
    last = night_named(stored.root, "reviews/2026-03-03")
    content = next(last.partition("documents").iterdir()).read_bytes()
    went = forget_night(last)
    assert went[0] == "runs/feed=reviews/night=2026-03-03"
    assert repair_all(stored.root)[1] == []
    assert [night.day for night in stored.published_nights()] == [1, 2]
    (kept,) = (stored.root / "trash" / "documents/feed=reviews/night=2026-03-03").iterdir()
    assert kept.read_bytes() == content
    assert not list(stored.root.glob("*/feed=reviews/night=2026-03-03"))
    for _ in range(2):
        prune(stored.root, keep=2)
    assert not (stored.root / "trash").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("reviews/2026-03-02", "night 2026-03-03 builds on it; forget that one first"),
        ("reviews/2026-03-09", "has no files"),
        ("tickets/2026-03-03", "holds no feed 'tickets'; it has reviews"),
        ("2026-03-03", "must be FEED/NIGHT, like default/2026-03-02"),
        ("reviews/2026-99-03", "must be FEED/NIGHT"),
    ],
)
def test_other_nights_stay(stored: Store, name: str, why: str) -> None:
    with pytest.raises(CannotForgetError, match=why):
        forget_night(night_named(stored.root, name))
    assert len(stored.published_nights()) == 3


def test_a_pruned_night_stays_known(stored: Store) -> None:
    prune(stored.root, keep=2)
    for day in (2, 3):
        stored.manifest_path(date(2026, 3, day)).unlink()
    with pytest.raises(CannotForgetError, match="was pruned"):
        forget_night(night_named(stored.root, "reviews/2026-03-01"))
