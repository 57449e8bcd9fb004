"""The first step of an estimator: from scratch, or what is new into an earlier night's model."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tasks.clusters.estimators import ClusteringSettings
from tasks.clusters.pretrain import estimator_for, learn_representation

X = np.arange(8, dtype=np.float32).reshape(4, 2)


class Fake:
    """An estimator that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    def pretrain(self, X: Any, *, progress: Any) -> None:
        self.asked.append(("pretrain", len(X)))

    def continue_pretraining(self, X: Any, is_new: Any, *, progress: Any) -> None:
        self.asked.append(("continue_pretraining", is_new.tolist()))


def silent(*_: Any) -> None:
    pass


@pytest.mark.parametrize(("learnt", "weight"), [(("en",), 1.8), (("en", "zh"), 0.9), ((), 0.9)])
def test_words_weigh_more_where_the_encoder_has_not_learnt_most_texts(
    learnt: tuple[str, ...], weight: float
) -> None:
    views: Any = SimpleNamespace(
        dims=(2, 1), languages={"zh": 0.8, "en": 0.2}, encoder_languages=learnt, are_texts=True
    )
    made: Any = estimator_for(views, ClusteringSettings(), 0, None)
    assert (made.lexical_weight, made.view_dims, made.near) == (weight, (2, 1), None)


def test_what_is_no_text_is_an_item() -> None:
    views: Any = SimpleNamespace(dims=(2, 1), languages={}, encoder_languages=(), are_texts=False)
    made: Any = estimator_for(views, ClusteringSettings(), 0, None)
    assert (made.rows, made.view_dims) == ("items", (2, 1))


@pytest.mark.parametrize(
    ("n_known", "asked"),
    [
        (None, ("pretrain", 4)),
        (3, ("continue_pretraining", [False, False, False, True])),
        (4, ("continue_pretraining", [False] * 4)),
    ],
)
def test_only_what_is_new_is_learnt_into_an_earlier_model(n_known: int | None, asked: Any) -> None:
    fake: Any = Fake()
    learn_representation(fake, X, n_known, silent)
    assert fake.asked == [asked]
