"""From nothing or on from last night: every reason, decided without a store and without a flow."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from tasks.clusters import plan_fit
from tasks.clusters.drift import Figure, RefitSettings
from tasks.clusters.estimators import ClusteringSettings
from tasks.clusters.plan_fit import Decision, Recipe, decide
from tasks.clusters.window import clusters_of_texts
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.store.history import PastNight
from tasks.store.storage import ModelRef, Ref, Store, keep_table
from tasks.vectors.embed import Embedded
from tasks.vectors.items import WindowRef
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

TONIGHT = date(2026, 3, 5)
NOTHING = Ref(path="", sha256="", rows=0)
CALM = [Figure(measure="new_share", value=0.1, limit=0.4)]
ALARM = [*CALM, Figure(measure="far_share", value=0.25, limit=0.2)]


def recipe(estimator: str = "nightfold", seed: int = 0) -> Recipe:
    return Recipe(
        encoder_digest="e",
        prepare=PrepareSettings(),
        lexical_dim=300,
        clustering=ClusteringSettings(estimator=estimator),  # type: ignore[arg-type]
        random_state=seed,
        versions={"refine": "4"},
    )


def last_night(**facts: Any) -> PastNight:
    """The night before, whose model was fitted from nothing two nights earlier."""
    fit = {"since": "2026-03-02", "recipe": recipe().key}
    known = {"night": date(2026, 3, 4), "published": "refined", "fit": fit} | facts
    model = ModelRef(files={})
    files = {"documents": NOTHING, "assignments": NOTHING, "clusters": NOTHING}
    files |= {name: known.pop(name) for name in files.keys() & known.keys()}
    models = {"identity": model, "lexical": model, "clustering": model}
    return PastNight(rows=1, **files, **models, **known)


def decided(
    last: PastNight | None,
    figures: list[Figure] | None = None,
    *,
    wanted: Recipe | None = None,
    every_nights: int = 7,
    has_models: bool = True,
) -> Decision:
    return decide(
        TONIGHT,
        last,
        wanted or recipe(),
        RefitSettings(every_nights=every_nights),
        lambda _: has_models,
        lambda _last, _since: CALM if figures is None else figures,
    )


def test_a_night_goes_on_from_a_model_that_still_fits() -> None:
    fit, keeps_clusters = decided(last_night())
    assert (fit.kind, fit.since, keeps_clusters) == ("warm", date(2026, 3, 2), True)
    assert fit.reason == "little drift since 2026-03-02"
    assert fit.drift == CALM
    assert fit.recipe == recipe().key


OBSTACLES: dict[str, Callable[[], Decision]] = {
    "the first night": lambda: decided(None),
    "night 2026-03-04 was published by an older version of nightfold": lambda: decided(
        last_night(fit=None)
    ),
    "ward is always fitted from scratch": lambda: decided(last_night(), wanted=recipe("ward")),
    "the settings, the encoder or nightfold itself changed": lambda: decided(
        last_night(), wanted=recipe(seed=1)
    ),
    "k-means labels were published on 2026-03-04": lambda: decided(
        last_night(published="baseline")
    ),
    "the model of night 2026-03-04 is missing or damaged": lambda: decided(
        last_night(), has_models=False
    ),
}


@pytest.mark.parametrize("reason", OBSTACLES)
def test_a_model_that_cannot_be_gone_on_from_is_fitted_from_nothing(reason: str) -> None:
    fit, keeps_clusters = OBSTACLES[reason]()
    assert (fit.kind, fit.since, fit.reason, fit.drift) == ("full", TONIGHT, reason, [])
    assert not keeps_clusters


def test_drift_is_a_reason_that_keeps_the_clusters_whole() -> None:
    fit, keeps_clusters = decided(last_night(), ALARM)
    assert (fit.kind, fit.since, fit.drift) == ("full", TONIGHT, ALARM)
    assert fit.reason == "drift since 2026-03-02: far_share 0.250 > 0.2"
    assert keeps_clusters


@pytest.mark.parametrize(
    ("every_nights", "kind"), [(4, "warm"), (3, "full"), (2, "full"), (1, "full")]
)
def test_a_full_fit_is_due_after_so_many_nights(every_nights: int, kind: str) -> None:
    assert decided(last_night(), every_nights=every_nights).fit.kind == kind


@pytest.mark.parametrize(("every_nights", "rhythm"), [(1, "night"), (3, "3 nights")])
def test_a_full_fit_that_is_due_lets_pieces_apart(every_nights: int, rhythm: str) -> None:
    fit, keeps_clusters = decided(last_night(), every_nights=every_nights)
    assert fit.reason == f"due every {rhythm}, last on 2026-03-02"
    assert fit.drift == CALM
    assert not keeps_clusters


def test_drift_is_named_even_where_a_full_fit_is_due() -> None:
    assert decided(last_night(), ALARM, every_nights=1).fit.reason.startswith("drift since")


def test_nothing_is_measured_or_checked_where_a_night_cannot_go_on() -> None:
    def never(*_: Any) -> Any:
        raise AssertionError

    for last in (None, last_night(fit=None), last_night(published="baseline")):
        assert decide(TONIGHT, last, recipe(), RefitSettings(), never, never).fit.kind == "full"


def test_the_key_of_a_recipe_tells_what_decides_a_model() -> None:
    assert recipe().key == recipe().key
    other = {recipe(seed=1).key, recipe("dec").key}
    other.add(recipe().model_copy(update={"lexical_dim": 9}).key)
    assert len(other | {recipe().key}) == 4


def test_a_text_has_the_cluster_of_its_last_document_that_has_one() -> None:
    documents = pa.table({"doc_id": ["a", "b", "c", "d"], "position": [0, 0, 0, 1]})
    assigned = pa.table({"doc_id": ["a", "b", "x"], "cluster_id": ["c-1", "c-2", "c-3"]})
    assert clusters_of_texts(documents, assigned, 3) == ["c-2", None, None]


@pytest.mark.parametrize(("left", "is_calm"), [([], True), (["c"], False)])
def test_clusters_stay_where_all_themes_of_the_last_night_are_there(
    store: Store, monkeypatch: pytest.MonkeyPatch, left: list[str], is_calm: bool
) -> None:
    # Remarks are set apart before: their cluster is not among those of the window's texts.
    monkeypatch.setattr(plan_fit, "has_models", lambda *_: True)
    assigned = pa.table(
        {
            "doc_id": ["a", "b", "c", "good"],
            "cluster_id": ["c-1", "c-1", "c-2", "remarks"],
        }
    )
    kept = [it for it in "abc" if it not in left]
    texts = [kept, pa.array(kept, pa.large_string()), [store.night] * len(kept)]
    documents = [
        kept,
        range(len(kept)),
        [store.night] * len(kept),
        pa.nulls(len(kept), pa.string()),
    ]
    window = WindowRef(
        texts=keep_table(store, "t", pa.table(texts, schema=WINDOW_TEXTS)),
        documents=keep_table(store, "t", pa.table(documents, schema=WINDOW_DOCUMENTS)),
    )
    embedded = Embedded.model_construct(window=window)
    last = last_night(assignments=keep_table(store, "t", assigned))
    assert plan_fit._can_stay(store, embedded, last, recipe()) == is_calm


def test_a_text_that_was_a_remark_is_no_reference_for_drift(store: Store) -> None:
    assigned = pa.table({"doc_id": ["a", "good"], "cluster_id": ["c-1", "remarks"]})
    last = last_night(assignments=keep_table(store, "t", assigned))
    documents = pa.table({"doc_id": ["a", "good"], "position": [0, 1]})
    assert clusters_of_texts(documents, plan_fit._assigned(store, last), 2) == ["c-1", None]
