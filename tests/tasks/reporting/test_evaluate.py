"""Figures beside the baseline, the decision between the two, and the marking of outliers."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import silhouette_score

from models.encoding.kinds import REFERENCE, STATIC, Kind
from models.quality.density import dbcv
from models.quality.trust import FIRST_LOOK, MEASURED_WEIGHTS
from tasks.clusters.refine import Refined
from tasks.reporting import evaluate as evaluate_module
from tasks.reporting.evaluate import EvaluateSettings, Evaluation, evaluate, find_outliers
from tasks.store.embeddings import fixed_lists
from tasks.store.storage import Store, keep_table, read_table
from tasks.vectors.items import WindowRef
from tasks.vectors.views import Views
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

GOOD = np.repeat([0, 1, 2], 20)
TEXTS = ["coffee machine leaks water", "parcel came late again", "battery dies fast"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(root=tmp_path, feed="f", night=date(2026, 3, 1))


def three_topics() -> np.ndarray:
    rng = np.random.default_rng(0)
    X = np.eye(8, dtype=np.float32)[GOOD] + rng.normal(0, 0.1, (60, 8)).astype(np.float32)
    return np.asarray(X / np.linalg.norm(X, axis=1, keepdims=True), dtype=np.float32)


def evaluated(
    store: Store,
    labels: np.ndarray,
    truth: list[str | None] | None = None,
    seed: int = 0,
    learnt: tuple[str, ...] = (),
    kind: Kind = REFERENCE,
) -> Evaluation:
    X = three_topics()
    digests = [f"{number:064x}" for number in range(len(X))]
    items = pa.table([pa.array(digests), fixed_lists(X)], names=["text_digest", "embedding"])
    found = pa.table(
        [
            pa.array(digests),
            pa.array(labels.astype(np.int32)),
            pa.array(np.ones(60, np.float32)),
            pa.array(np.ones(60, np.float32)),
            fixed_lists(X[:, :3]),
        ],
        names=["text_digest", "label", "confidence", "margin", "latent"],
    )
    documents = pa.table(
        [
            pa.array(digests),
            pa.array(np.arange(60)),
            pa.array([store.night] * 60),
            pa.array(truth or [None] * 60, pa.string()),
        ],
        schema=WINDOW_DOCUMENTS,
    )
    texts = pa.table(
        [
            pa.array(digests),
            pa.array([TEXTS[topic] for topic in GOOD], pa.large_string()),
            pa.array([store.night] * 60),
        ],
        schema=WINDOW_TEXTS,
    )
    views = Views(
        items=keep_table(store, "t", items),
        window=WindowRef(
            texts=keep_table(store, "t", texts), documents=keep_table(store, "t", documents)
        ),
        embedding_dim=8,
        lexical_dims=(),
        encoder_digest="e",
        encoder_weights=MEASURED_WEIGHTS,
        encoder_languages=learnt,
        backend=kind.backend,
        languages={"en": 1.0},
        n_known=0,
    )
    refined = Refined(
        labels=keep_table(store, "t", found),
        n_clusters=3,
        label_of={0: 0, 1: 1, 2: 2},
    )
    return evaluate.fn(store, views, refined, EvaluateSettings(), seed)


def figures(store: Store, evaluation: Evaluation) -> dict[tuple[str, str], tuple[Any, Any]]:
    rows = read_table(store, evaluation.tables["metrics"]).to_pylist()
    return {(row["metric"], row["space"]): (row["value"], row["baseline_value"]) for row in rows}


def test_good_labels_are_published_with_their_figures(store: Store) -> None:
    evaluation = evaluated(store, GOOD)
    found = figures(store, evaluation)
    assert evaluation.published == "refined"
    assert evaluation.trust.startswith("high: silhouette 0.")
    assert found["silhouette", "embedding"][0] == pytest.approx(
        silhouette_score(three_topics(), GOOD), abs=1e-5
    )
    assert found["silhouette", "embedding"][0] == pytest.approx(found["silhouette", "embedding"][1])
    assert found["n_clusters", "sizes"] == (3, 3)
    assert found["smallest_share", "sizes"][0] == pytest.approx(1 / 3)
    assert ("acc", "truth") not in found


def test_texts_that_the_encoder_cannot_read_are_not_trusted(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    assert evaluated(store, GOOD, learnt=("en",)).trust.startswith("high")
    with caplog.at_level("WARNING"):
        evaluation = evaluated(store, GOOD, learnt=("zh",))
    assert evaluation.facts()["languages"] == {"en": 1.0}
    assert evaluation.trust.startswith("low: the encoder has not learnt the language of many texts")
    assert evaluation.trust in caplog.text


@pytest.mark.parametrize("learnt", [("en",), ("zh",)])
def test_a_night_of_a_static_encoder_is_told_to_be_a_first_look(
    store: Store, learnt: tuple[str, ...]
) -> None:
    plain = evaluated(store, GOOD, learnt=learnt).trust
    assert evaluated(store, GOOD, learnt=learnt, kind=STATIC).trust == plain + FIRST_LOOK


def test_figures_without_labels_stand_beside_those_of_the_baseline(store: Store) -> None:
    good, bad = (figures(store, evaluated(store, labels)) for labels in (GOOD, np.arange(60) % 3))
    X = three_topics()
    assert good["dbcv", "embedding"][0] == pytest.approx(dbcv(X, GOOD))
    assert good["neighbour_agreement", "embedding"][0] == 1
    assert good["coherence", "keywords"] == pytest.approx((1, 1))
    assert good["stability", "embedding"][0] > 0.8
    for name in [("dbcv", "embedding"), ("stability", "embedding"), ("coherence", "keywords")]:
        assert bad[name][0] < bad[name][1] == pytest.approx(good[name][1])


def test_stability_is_that_of_the_published_clusters(store: Store) -> None:
    refined, baseline = evaluated(store, GOOD), evaluated(store, np.arange(60) % 3)
    assert sorted(refined.stability) == sorted(baseline.stability) == [0, 1, 2]
    assert sorted(refined.stability.values()) == sorted(baseline.stability.values())


def test_bad_labels_give_way_to_the_baseline(store: Store) -> None:
    evaluation = evaluated(store, np.arange(60) % 3)
    assert evaluation.published == "baseline"
    assert "higher by more than 0.15" in evaluation.reason
    assert evaluation.trust == evaluated(store, GOOD).trust  # that of what is published
    labels = read_table(store, evaluation.labels)
    assert len({tuple(labels["label"].to_numpy()[topic == GOOD]) for topic in range(3)}) == 3
    assert all(len(set(labels["label"].to_numpy()[topic == GOOD])) == 1 for topic in range(3))
    assert labels["confidence"].to_numpy().min() > 0.5


def test_true_labels_are_scored_where_there_are_any(store: Store) -> None:
    truth: list[str | None] = [f"topic {label}" for label in GOOD]
    truth[0] = None
    found = figures(store, evaluated(store, GOOD, truth))
    assert found["acc", "truth"] == (1.0, 1.0)


def test_outliers_are_far_out_and_few() -> None:
    X = three_topics()
    X[0] = np.eye(8, dtype=np.float32)[7]
    assert np.flatnonzero(find_outliers(X, GOOD)).tolist() == [0]


def test_small_clusters_have_no_outliers() -> None:
    X = np.eye(8, dtype=np.float32)
    assert not find_outliers(X, np.zeros(8, dtype=int)).any()


def test_every_sample_is_drawn_by_the_seed_of_the_night(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []
    monkeypatch.setattr(evaluate_module, "COHERENCE_TEXTS", 5)

    def spy(_: object, __: object, *, random_state: int) -> float:
        seeds.append(random_state)
        return 0.5

    for figure in ("metrics.silhouette", "density.dbcv", "agreement.neighbour_agreement"):
        monkeypatch.setattr(f"models.quality.{figure}", spy)
    first = evaluated(store, GOOD, seed=5)
    assert set(seeds) == {5}
    assert len(seeds) == 8  # two clusterings, in two spaces or by two figures
    other = evaluated(store, GOOD, seed=6)
    assert (
        figures(store, first)["coherence", "keywords"]
        != figures(store, other)["coherence", "keywords"]
    )
