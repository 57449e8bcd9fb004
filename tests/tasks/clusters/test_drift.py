"""How far the texts that came since a fit lie from those that were there."""

import numpy as np
import pytest

from models.core.arrays import normalise_rows
from tasks.clusters.drift import Figure, RefitSettings, WindowSince, measure_drift, unknown_words

SETTINGS = RefitSettings()


def window(
    old: list[int], new: list[int], words: tuple[str, str] = ("alpha beta", "alpha beta")
) -> WindowSince:
    """Texts of some topics that were there and of some that came since, with their words."""
    topics = np.array([*old, *new])
    noise = np.random.default_rng(0).normal(0, 0.05, (len(topics), 6))
    return WindowSince(
        X=normalise_rows((np.eye(6)[topics] + noise).astype(np.float32)),
        texts=[words[0]] * len(old) + [words[1]] * len(new),
        is_new=np.arange(len(topics)) >= len(old),
        clusters=[f"c-{topic}" for topic in old] + [None] * len(new),
    )


def measured(
    given: WindowSince, vocabulary: tuple[str, ...] = ("alpha", "beta")
) -> dict[str, Figure]:
    figures = measure_drift(given, lambda: frozenset(vocabulary), SETTINGS)
    return {figure.measure: figure for figure in figures}


def test_more_of_the_same_is_no_drift() -> None:
    figures = measured(window([0, 1, 2] * 40, [0, 1, 2] * 10))
    assert list(figures) == [
        "new_share", "far_share", "novel_share", "size_shift", "centroid_movement", "unknown_words",
    ]  # fmt: skip
    assert not any(figure.is_alarm for figure in figures.values())
    assert figures["new_share"].value == pytest.approx(30 / 150)


def test_a_new_theme_is_far_in_company_and_new_to_the_sizes() -> None:
    figures = measured(window([0, 1] * 60, [0, 1] * 10 + [5] * 40))
    assert figures["far_share"].is_alarm
    assert figures["novel_share"].value == pytest.approx(40 / 60)
    assert figures["novel_share"].is_alarm


def test_a_few_strange_texts_in_a_small_feed_are_no_theme() -> None:
    figures = measured(window([0, 1] * 60, [0, 1] * 10 + [5] * 12))
    assert figures["novel_share"].limit == pytest.approx(30 / 32)
    assert not figures["novel_share"].is_alarm


def test_shares_of_the_clusters_that_shift_are_an_alarm() -> None:
    figures = measured(window([0, 1] * 60, [0] * 60))
    assert figures["size_shift"].is_alarm
    assert not figures["far_share"].is_alarm


def test_words_that_the_fit_did_not_know_are_an_alarm() -> None:
    given = window([0, 1] * 30, [0, 1] * 10, words=("alpha beta gamma delta", "omega psi chi phi"))
    figures = measured(given, ("alpha", "beta", "gamma"))
    assert figures["unknown_words"].value == pytest.approx(1 - 1 / 4)
    assert figures["unknown_words"].is_alarm


def test_fewer_unknown_words_than_before_are_none() -> None:
    is_new = np.array([False, True])
    assert unknown_words(["omega", "alpha"], is_new, frozenset({"alpha"})) == 0


@pytest.mark.parametrize(("old", "new", "share"), [([], [0] * 9, 1.0), ([0] * 9, [], 0.0)])
def test_only_the_share_is_known_where_one_side_is_empty(
    old: list[int], new: list[int], share: float
) -> None:
    def never() -> frozenset[str]:
        raise AssertionError

    (figure,) = measure_drift(window(old, new), never, SETTINGS)
    assert (figure.measure, figure.value) == ("new_share", share)


def test_texts_without_a_cluster_on_the_last_night_are_no_reference() -> None:
    given = window([0] * 9, [0] * 3)
    lost = WindowSince(given.X, given.texts, given.is_new, [None] * 12)
    (figure,) = measure_drift(lost, frozenset, SETTINGS)
    assert figure.value == 1.0
    assert figure.is_alarm
