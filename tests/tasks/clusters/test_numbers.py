"""Numbers that a full fit chose: from the estimator to the manifest, and back on the next night."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from models.counting.n_clusters import NClustersChoice
from tasks.clusters.numbers import ChosenNumbers
from tasks.clusters.refine import Refined
from tasks.store.history import PastNight
from tasks.store.storage import Ref

CHOSEN = ChosenNumbers(topics=3, themes=12, range_of_themes=(10, 15))


def test_they_are_those_of_the_choice() -> None:
    choice = NClustersChoice(3, n_themes=12, range_of_themes=(10, 15))
    estimator: Any = SimpleNamespace(finds_topics=True, n_clusters_choice_=choice)
    assert ChosenNumbers.of(estimator) == CHOSEN


@pytest.mark.parametrize(
    "estimator",
    [
        SimpleNamespace(finds_topics=True, n_clusters_choice_=None),  # the number was given
        SimpleNamespace(finds_topics=False),
    ],
)
def test_where_nothing_was_chosen_there_are_none(estimator: Any) -> None:
    assert ChosenNumbers.of(estimator) is None


def last_night(numbers: dict[str, Any] | None, recipe: str | None = "r") -> PastNight:
    fit = None if recipe is None else {"recipe": recipe}
    return PastNight.model_construct(night=date(2026, 3, 1), numbers=numbers, fit=fit)


def test_what_the_manifest_was_told_comes_back_the_next_night() -> None:
    nothing = Ref(path="", sha256="", rows=0)
    refined = Refined(labels=nothing, n_clusters=12, label_of={}, numbers=CHOSEN)
    told = refined.facts()["numbers"]
    assert told == {"topics": 3, "themes": 12, "range_of_themes": [10, 15]}
    assert ChosenNumbers.of_night(last_night(told), "r") == CHOSEN
    assert refined.model_copy(update={"numbers": None}).facts() == {"numbers": None}


def test_other_settings_and_older_nights_leave_the_choice_open() -> None:
    told = CHOSEN.model_dump(mode="json")
    for last in (None, last_night(None), last_night(told, "other"), last_night(told, None)):
        assert ChosenNumbers.of_night(last, "r") is None
