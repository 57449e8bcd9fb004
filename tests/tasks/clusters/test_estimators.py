"""Every estimator is one word of the configuration away, and goes through the flow's two steps."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from models.networks.pretraining import Pretraining as ModelPretraining
from tasks.clusters.estimators import (
    ClusteringSettings,
    Estimator,
    Pretraining,
    load_estimator,
    new_estimator,
)
from tasks.store.storage import Ref
from tasks.vectors.views import Views

NOWHERE = Ref(path="", sha256="", rows=0)
VIEWS = Views(
    items=NOWHERE,
    embedding_dim=12,
    lexical_dims=(5, 3),
    encoder_digest="e",
    encoder_weights="w",
    n_known=0,
)


def three_topics(width: int) -> Any:
    rng = np.random.default_rng(0)
    X = np.eye(width)[np.arange(60) % 3] + rng.normal(0, 0.05, (60, width))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
@pytest.mark.parametrize("word", get_args(Estimator))
def test_two_steps_with_a_save_between_place_every_text(word: Estimator, tmp_path: Path) -> None:
    n_clusters: Any = "auto" if word == "hdbscan" else 3
    settings = ClusteringSettings(estimator=word, n_clusters=n_clusters, device="cpu")
    X = three_topics(20 if word == "nightfold" else 12)
    new_estimator(settings, VIEWS, random_state=0).pretrain(X).save(tmp_path)
    estimator = load_estimator(settings, tmp_path).refine(X)
    assert len(estimator.labels_) == len(estimator.soft_assignments_) == 60
    assert estimator.labels_.min() >= 0
    assert estimator.soft_assignments_.shape[1] == estimator.n_clusters_
    assert len(estimator.transform(X)) == 60


def test_the_words_for_pretraining_are_those_of_the_models() -> None:
    assert get_args(Pretraining) == get_args(ModelPretraining)


@pytest.mark.parametrize("word", get_args(Pretraining))
def test_a_pretraining_reaches_the_estimator(word: Pretraining) -> None:
    settings = ClusteringSettings(estimator="dec", pretraining=word)
    assert new_estimator(settings, VIEWS, random_state=0).pretraining == word  # type: ignore[attr-defined]


@pytest.mark.parametrize(("word", "assignment"), [("mixture", "likelihood"), ("transport",) * 2])
def test_the_latent_estimators_differ_in_their_assignment(word: str, assignment: str) -> None:
    settings = ClusteringSettings(estimator=f"latent-{word}")  # type: ignore[arg-type]
    assert new_estimator(settings, VIEWS, random_state=0).assignment == assignment  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("estimator", "word"), [("nightfold", "neighbours"), ("separation", "variational")]
)
def test_a_pretraining_that_is_not_to_be_had_is_refused(
    estimator: Estimator, word: Pretraining
) -> None:
    with pytest.raises(ValueError, match="pretraining must"):
        ClusteringSettings(estimator=estimator, pretraining=word)
