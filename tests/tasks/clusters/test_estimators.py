"""Every estimator is one word of the configuration away, and goes through the flow's two steps."""

import inspect
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from models.networks.pretraining import Pretraining as ModelPretraining
from tasks.clusters.estimators import (
    ClusteringSettings,
    Estimator,
    Pretraining,
    class_of,
    load_estimator,
    new_estimator,
)

VIEW_DIMS = (12, 5, 3)


def three_topics(width: int) -> Any:
    rng = np.random.default_rng(0)
    X = np.eye(width)[np.arange(60) % 3] + rng.normal(0, 0.05, (60, width))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
@pytest.mark.parametrize("word", get_args(Estimator))
def test_two_steps_with_a_save_between_place_every_text(word: Estimator, tmp_path: Path) -> None:
    n_clusters: Any = "auto" if word == "hdbscan" else 3
    settings = ClusteringSettings(estimator=word, n_clusters=n_clusters, device="cpu")
    X = three_topics(20 if class_of(word).uses_views else 12)
    new_estimator(settings, VIEW_DIMS, random_state=0).pretrain(X).save(tmp_path)
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
    assert new_estimator(settings, VIEW_DIMS, random_state=0).pretraining == word  # type: ignore[attr-defined]


@pytest.mark.parametrize(("word", "assignment"), [("mixture", "likelihood"), ("transport",) * 2])
def test_the_latent_estimators_differ_in_their_assignment(word: str, assignment: str) -> None:
    settings = ClusteringSettings(estimator=f"latent-{word}")  # type: ignore[arg-type]
    assert new_estimator(settings, VIEW_DIMS, random_state=0).assignment == assignment  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("estimator", "word"), [("nightfold", "neighbours"), ("separation", "variational")]
)
def test_a_pretraining_that_is_not_to_be_had_is_refused(
    estimator: Estimator, word: Pretraining
) -> None:
    with pytest.raises(ValueError, match="pretraining must"):
        ClusteringSettings(estimator=estimator, pretraining=word)


def test_a_number_of_clusters_is_refused_where_the_density_decides() -> None:
    with pytest.raises(ValueError, match="n_clusters must be 'auto' with 'hdbscan', got 5"):
        ClusteringSettings(estimator="hdbscan", n_clusters=5)


def test_how_fine_the_clusters_are_and_what_was_chosen_before_reach_the_estimator() -> None:
    made: Any = new_estimator(ClusteringSettings(granularity=4), VIEW_DIMS, 0, near=(3, 12))
    assert (made.granularity, made.near) == (4, (3, 12))
    other: Any = new_estimator(ClusteringSettings(estimator="k-means"), VIEW_DIMS, 0, near=(3, 12))
    assert not hasattr(other, "granularity")


def test_words_weigh_more_where_the_encoder_has_not_learnt_the_language() -> None:
    known: Any = new_estimator(ClusteringSettings(), VIEW_DIMS, 0)
    foreign: Any = new_estimator(ClusteringSettings(), VIEW_DIMS, 0, is_foreign=True)
    assert (known.lexical_weight, foreign.lexical_weight) == (0.9, 1.8)
    other: Any = new_estimator(ClusteringSettings(estimator="dec"), VIEW_DIMS, 0, is_foreign=True)
    assert not hasattr(other, "lexical_weight")


def test_an_estimator_knows_items_that_are_no_texts() -> None:
    made: list[Any] = [
        new_estimator(ClusteringSettings(), VIEW_DIMS, 0),
        new_estimator(ClusteringSettings(), VIEW_DIMS, 0, rows="items"),
    ]
    assert [(it.rows, it.view_dims) for it in made] == [("texts", VIEW_DIMS), ("items", VIEW_DIMS)]


@pytest.mark.parametrize("granularity", [0, -1, 11])
def test_a_granularity_has_its_bounds(granularity: float) -> None:
    with pytest.raises(ValueError, match="granularity"):
        ClusteringSettings(granularity=granularity)


def test_a_granularity_is_refused_where_it_says_nothing() -> None:
    assert ClusteringSettings(estimator="dec", granularity=2).granularity == 2  # the default
    with pytest.raises(ValueError, match="granularity must be left out with 'dec'"):
        ClusteringSettings(estimator="dec", granularity=3)


@pytest.mark.parametrize("word", get_args(Estimator))
def test_an_estimator_can_do_what_it_says(word: Estimator) -> None:
    found: Any = class_of(word)
    parameters = inspect.signature(found).parameters
    assert found.uses_views == ("view_dims" in parameters)
    assert found.finds_topics == ("granularity" in parameters) == ("near" in parameters)
    assert bool(found.pretrainings) == ("pretraining" in parameters)
    assert found.goes_on == hasattr(found, "continue_refinement")
    assert found.goes_on == hasattr(found, "continue_pretraining")
