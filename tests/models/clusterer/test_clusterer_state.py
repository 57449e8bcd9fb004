"""What an estimator is when it comes back from disk."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from models.estimators.idec import IDEC
from tests.models.clusterer.small import X, assert_same, small_idec

RESULTS = ("labels_", "soft_assignments_", "cluster_centers_")


def test_a_refined_estimator_comes_back_whole(tmp_path: Path) -> None:
    idec = small_idec(n_clusters="auto", hidden_dims=(8, 4), latent_dim=np.int64(2)).fit(X)
    idec.save(tmp_path)
    loaded = IDEC.load(tmp_path)
    assert_same(idec, loaded)
    assert loaded.get_params() == idec.get_params()
    np.testing.assert_array_equal(loaded.predict(X), idec.labels_)
    np.testing.assert_array_equal(loaded.predict_proba(X), idec.soft_assignments_)
    np.testing.assert_array_equal(loaded.transform(X), idec.transform(X))


@pytest.mark.parametrize("random_state", [0, None, np.random.RandomState(3)])
def test_a_round_trip_between_the_steps_changes_nothing(tmp_path: Path, random_state: Any) -> None:
    idec = small_idec(random_state=random_state).pretrain(X)
    idec.save(tmp_path)
    loaded = IDEC.load(tmp_path).refine(X)
    idec.refine(X)
    for name in RESULTS:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(idec, name))
    assert loaded.history_ == idec.history_


def test_a_generator_is_saved_as_its_seed(tmp_path: Path) -> None:
    idec = small_idec(random_state=np.random.RandomState(3)).pretrain(X)
    idec.save(tmp_path)
    assert IDEC.load(tmp_path).random_state == idec.seed_


def test_the_same_estimator_gives_the_same_files(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        small_idec().fit(X).save(tmp_path / folder)
    files = [sorted((tmp_path / folder).iterdir()) for folder in ("first", "second")]
    for first, second in zip(*files, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_names_of_features_come_back(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=list("abcdef"))
    idec = small_idec().fit(frame)
    idec.save(tmp_path)
    loaded = IDEC.load(tmp_path)
    np.testing.assert_array_equal(loaded.feature_names_in_, idec.feature_names_in_, strict=True)
    np.testing.assert_array_equal(loaded.predict(frame), idec.labels_)


def test_what_is_not_fitted_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        small_idec().save(tmp_path)


def test_an_estimator_of_another_class_is_refused(tmp_path: Path) -> None:
    class Other(IDEC):
        """Another method."""

    small_idec().pretrain(X).save(tmp_path)
    with pytest.raises(ValueError, match="estimator must be Other, got IDEC"):
        Other.load(tmp_path)
