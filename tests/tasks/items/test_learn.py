"""A learnt encoder stays for as long as the model does, and a full fit learns another."""

from datetime import date, timedelta
from pathlib import Path
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
