"""A learnt encoder stays for as long as the model does, and a full fit learns another."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.clusters.drift import Figure, RefitSettings
from tasks.clusters.estimators import ClusteringSettings
from tasks.clusters.fit import Fit
from tasks.clusters.plan_fit import Decision, Recipe
from tasks.items import learn as module
from tasks.items.encode import ItemWindow
from tasks.items.known import ENCODER_FILE
from tasks.items.learn import Learning, Learnt, learn, plan_of
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.store.history import PastNight
from tasks.store.storage import ModelRef, Ref, Store, keep_bytes, read_table

NIGHT = date(2026, 3, 8)
REF = Ref(path="p", sha256="0" * 64, rows=0)
FIGURE = Figure(measure="far_share", value=0.5, limit=0.2)


class Codec:
    name = "images"
    version = 1
    is_learnt = True
    most_learnt = None


def recipe(digest: str) -> Recipe:
    return Recipe(
        encoder_digest=digest,
        prepare=PrepareSettings(),
        lexical_dim=1,
        clustering=ClusteringSettings(),
        random_state=0,
        versions={},
    )


HOW = Learning(Codec(), recipe, RefitSettings(), 0, "cpu")  # type: ignore[arg-type]
WINDOW = ItemWindow(nights=[], contents=[])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(root=tmp_path, feed="f", night=NIGHT)


@pytest.fixture
def last(store: Store) -> PastNight:
    weights = keep_bytes(store, "encoder", b"weights", ".safetensors")
    return PastNight(
        night=NIGHT - timedelta(days=1),
        rows=1,
        documents=REF,
        assignments=REF,
        clusters=REF,
        identity=ModelRef(files={}),
        lexical=ModelRef(files={}),
        clustering=ModelRef(files={}),
        published="refined",
        fit={"kind": "full", "since": "2026-03-07", "recipe": recipe(weights.sha256).key},
        learnt=ModelRef(files={ENCODER_FILE: weights}),
    )


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Decide in the place of the drift, and learn nothing; return the reasons of what was learnt."""
    reasons: list[str | None] = []

    def learnt(store: Store, window: ItemWindow, how: Learning, why: Learnt) -> Learnt:
        reasons.append(why.reason)
        return why.model_copy(update={"models": {"encoder": ModelRef(files={"new": REF})}})

    monkeypatch.setattr(module, "_learnt", learnt)

    def decide(kind: str, reason: str = "") -> list[str | None]:
        fit = Fit(kind=kind, since=NIGHT, reason=reason, recipe="r", drift=[FIGURE])  # type: ignore[arg-type]
        monkeypatch.setattr(module, "decide", lambda *_: Decision(fit, keeps_clusters=True))
        return reasons

    return decide


def test_the_first_night_learns(store: Store, decided: Any) -> None:
    assert learn(store, WINDOW, None, HOW, is_quiet=False).reason == "the first night"


def test_little_drift_keeps_the_encoder(store: Store, last: PastNight, decided: Any) -> None:
    reasons = decided("warm")
    found = learn(store, WINDOW, last, HOW, is_quiet=False)
    assert found.encoder == last.learnt
    assert (found.reason, reasons) == (None, [])


def test_a_full_fit_learns_another_for_its_reason(
    store: Store, last: PastNight, decided: Any
) -> None:
    decided("full", "due every 7 nights")
    found = learn(store, WINDOW, last, HOW, is_quiet=False)
    assert (found.reason, found.keeps_clusters) == ("due every 7 nights", True)
    assert found.encoder != last.learnt
    plan = plan_of(store, found, last, recipe("new"))
    assert (plan.fit.kind, plan.fit.reason, plan.fit.since) == ("full", "due every 7 nights", NIGHT)
    assert plan.fit.recipe == recipe("new").key
    assert plan.keeps_clusters
    assert read_table(store, plan.tables["drift"])["is_alarm"].to_pylist() == [True]


def test_a_quiet_night_decides_nothing(
    store: Store, last: PastNight, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "decide", None)
    assert learn(store, WINDOW, last, HOW, is_quiet=True).encoder == last.learnt


def test_a_damaged_encoder_is_learnt_anew(store: Store, last: PastNight, decided: Any) -> None:
    assert last.learnt
    store.resolve(last.learnt.files[ENCODER_FILE]).write_bytes(b"other")
    found = learn(store, WINDOW, last, HOW, is_quiet=False)
    assert found.reason == "the encoder of 2026-03-07 is gone or damaged"


def test_an_encoder_that_is_given_is_kept_whatever_the_night_before_had(
    store: Store, last: PastNight, decided: Any
) -> None:
    class Given(Codec):
        is_learnt = False

        def learn(self, contents: Sequence[bytes], *_: Any) -> Any:
            assert not contents
            return SimpleNamespace(save=lambda path: path.write_bytes(b"which one"))

    given = HOW._replace(codec=Given())  # type: ignore[arg-type]
    reasons = decided("full", "the settings changed")
    found = learn(store, WINDOW, last, given, is_quiet=False)
    assert store.resolve(found.encoder.files[ENCODER_FILE]).read_bytes() == b"which one"
    assert (found.reason, reasons) == (None, [])


def test_a_group_that_was_not_there_is_on_its_first_night(store: Store, last: PastNight) -> None:
    learnt = Learnt(models={"encoder": ModelRef(files={"new": REF})}, reason="due")
    assert plan_of(store, learnt, None, recipe("new")).fit.reason == "the first night"
    assert plan_of(store, learnt, last, recipe("new")).fit.reason == "due"


def test_the_numbers_of_a_group_stay_with_another_encoder(store: Store, last: PastNight) -> None:
    numbers = {"topics": 2, "themes": 3, "range_of_themes": (2, 5)}
    known = last.model_copy(update={"numbers": numbers})
    learnt = Learnt(models={"encoder": ModelRef(files={"new": REF})}, reason="due")
    found = plan_of(store, learnt, known, recipe("new")).numbers
    assert found
    assert found.model_dump() == numbers
    changed = recipe("new").model_copy(update={"random_state": 1})
    assert plan_of(store, learnt, known, changed).numbers is None


@pytest.mark.parametrize(("most", "n_learnt"), [(None, 10), (20, 10), (10, 10), (9, 5), (4, 4)])
def test_of_very_many_items_every_so_many_is_learnt_from(most: int | None, n_learnt: int) -> None:
    digests = [f"d{number}" for number in range(10)]
    found = module._sample(digests, most)
    assert len(found) == n_learnt
    assert found[0] == "d0"
    assert module._sample([], most) == []
