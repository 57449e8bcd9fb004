"""The last night as one, for what is learnt from all groups together."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.groups.past import last_as_one
from tasks.store.history import History, PastNight
from tasks.store.manifest_parts import EncoderPart
from tasks.store.storage import Store


def night(day: int, encoder: str, *groups: str) -> PastNight:
    return PastNight.model_construct(
        night=date(2026, 3, day),
        encoder=EncoderPart(name="images", digest=encoder),
        groups=groups,
        fit=None,
        published="refined and baseline",
    )


def test_an_encoder_goes_on_since_the_night_that_learnt_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = SimpleNamespace(groups=[SimpleNamespace(fit={"since": "2026-03-03", "recipe": "r"})])
    monkeypatch.setattr(Store, "read_manifest", lambda *_: told)
    store = Store(root=tmp_path, feed="f", night=date(2026, 3, 4))
    nights = [night(1, "old", "a"), night(2, "new", "a"), night(3, "new", "a", "b")]
    found: Any = last_as_one(store, History.model_construct(nights=nights))
    assert found.night == date(2026, 3, 3)
    assert found.fit == {"kind": "full", "since": "2026-03-02", "recipe": "r"}
    assert found.published == "refined"


def test_a_night_without_groups_stays_as_it_is(tmp_path: Path) -> None:
    store, last = Store(root=tmp_path, feed="f", night=date(2026, 3, 4)), night(3, "new")
    assert last_as_one(store, History.model_construct(nights=[last])) is last
    assert last_as_one(store, History(nights=[])) is None
