"""Unsure texts go where their words say, and nobody else does."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.core import arrays
from models.core.arrays import AnyFloats
from models.text.deciding_words import _holding, decide_by_terms, decide_by_words

WORDS = ("red", "blue", "green", "black", "white", "grey")
BATTERY = [f"the battery of a {word} one" for word in WORDS]
PARCEL = [f"my parcel, a {word} one" for word in WORDS]
STOP_WORDS = ("the", "of", "my", "one")


def decided(texts: Sequence[str], q: Sequence[Sequence[float]]) -> AnyFloats:
    memberships = np.array(q, dtype=np.float32)
    ones = np.ones(len(texts), dtype=np.int64)
    return decide_by_words(memberships, texts, ones, STOP_WORDS)


def two_themes(*more: tuple[str, Sequence[float]]) -> tuple[list[str], AnyFloats]:
    """Return six sure texts of each theme, and others with their memberships."""
    texts = [*BATTERY, *PARCEL, *(text for text, _ in more)]
    q = [[1, 0]] * 6 + [[0, 1]] * 6 + [own for _, own in more]
    return texts, decided(texts, q)


def test_an_unsure_text_goes_to_the_cluster_whose_name_it_holds() -> None:
    _, q = two_themes(("another parcel again", (0.6, 0.4)))
    assert q[-1].argmax() == 1
    np.testing.assert_allclose(q[-1], 0.5, atol=1e-5)
    assert q[-1].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("another parcel again", (0.95, 0.05)),  # the model is sure
        ("battery of the parcel", (0.6, 0.4)),  # it holds its own name, too
        ("something else", (0.6, 0.4)),  # it holds neither
        ("another parcel again", (0.4, 0.6)),  # it is there already
    ],
)
def test_a_text_stays_where_it_is(text: str, own: Sequence[float]) -> None:
    _, q = two_themes((text, own))
    np.testing.assert_array_equal(q[-1], np.array(own, dtype=np.float32))


def test_of_several_clusters_whose_names_it_holds_the_likeliest_is_taken() -> None:
    screens = [f"one {word} screen" for word in WORDS[:4]]
    texts = [*BATTERY, *PARCEL, *screens, "screen of the parcel"]
    sure = [[1, 0, 0]] * 6 + [[0, 1, 0]] * 6 + [[0, 0, 1]] * 4
    assert decided(texts, [*sure, [0.5, 0.2, 0.3]])[-1].argmax() == 2
    assert decided(texts, [*sure, [0.5, 0.3, 0.2]])[-1].argmax() == 1


def test_a_cluster_that_the_model_rules_out_is_not_taken() -> None:
    screens = [f"one {word} screen" for word in WORDS[:4]]
    texts = [*BATTERY, *PARCEL, *screens, "another screen"]
    sure = [[1, 0, 0]] * 6 + [[0, 1, 0]] * 6 + [[0, 0, 1]] * 4
    assert decided(texts, [*sure, [0.55, 0.41, 0.04]])[-1].argmax() == 0
    assert decided(texts, [*sure, [0.55, 0.35, 0.1]])[-1].argmax() == 2


def test_names_that_clusters_have_decide_whatever_their_texts_say() -> None:
    q = np.array([[0.6, 0.4, 0], [0.6, 0.35, 0.05], [0.6, 0.4, 0]], dtype=np.float32)
    texts = ["a late parcel", "a screen", "late"]
    found = decide_by_terms(q, texts, {1: ["late parcel", "courier"], 2: ["screen"]})
    assert found.argmax(axis=1).tolist() == [1, 0, 0]
    np.testing.assert_array_equal(found[1:], q[1:])
    np.testing.assert_array_equal(decide_by_terms(q, texts, {}), q)


def test_a_term_of_two_words_is_held_where_both_stand() -> None:
    terms = {0: ["battery life", "battery"], 2: ["life insurance"]}
    texts = ["life of a battery", "life", "insurance for life", "a battery"]
    held = [[True, False, False], [False] * 3, [False, False, True], [True, False, False]]
    assert _holding(terms, texts, 3).tolist() == held
    assert _holding({0: ["battery life"]}, texts, 1).tolist() == [[True], [False], [False], [False]]


def test_many_texts_are_looked_at_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    more = [("a parcel", (0.6, 0.4)), ("neither", (0.6, 0.4)), ("a battery", (0.4, 0.6))]
    _, whole = two_themes(*more)
    monkeypatch.setattr(arrays, "_ROWS_AT_ONCE", 1)
    _, in_parts = two_themes(*more)
    np.testing.assert_array_equal(in_parts, whole)
    assert in_parts[12:].argmax(axis=1).tolist() == [1, 0, 0]


def test_no_cluster_loses_all_of_its_texts() -> None:
    texts = [*BATTERY, *PARCEL, "more parcel", "late parcel"]
    sure = [[1, 0, 0]] * 6 + [[0, 1, 0]] * 6
    q = decided(texts, [*sure, [0, 0.45, 0.55], [0, 0.45, 0.55]])
    assert q[-2:].argmax(axis=1).tolist() == [2, 2]


def test_a_text_of_many_documents_counts_as_often_for_the_names() -> None:
    texts = [*BATTERY, "battery late", *PARCEL[:3], "coupon", "a late coupon"]
    q = np.array([[1, 0]] * 7 + [[0, 1]] * 4 + [[0.6, 0.4]], dtype=np.float32)
    few, many = (np.ones(len(texts), dtype=np.int64) for _ in range(2))
    many[10] = 50
    assert decide_by_words(q, texts, many, STOP_WORDS)[-1].argmax() == 1
    assert decide_by_words(q, texts, few, STOP_WORDS)[-1].argmax() == 0


@given(st.integers(0, 2**31), st.integers(1, 5), st.sampled_from([np.float32, np.float64]))
def test_memberships_stay_memberships(seed: int, n_clusters: int, dtype: type) -> None:
    rng = np.random.default_rng(seed)
    words = ["battery", "parcel", "screen", "coffee", "late", "again"]
    texts = sorted({" ".join(rng.choice(words, 3)) for _ in range(40)})
    q = rng.dirichlet(np.ones(n_clusters), len(texts)).astype(dtype)
    before = q.copy()
    found = decide_by_words(q, texts, np.ones(len(texts), dtype=np.int64), ())
    np.testing.assert_array_equal(q, before)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert set(found.argmax(axis=1)) == set(q.argmax(axis=1))
    moved = found.argmax(axis=1) != q.argmax(axis=1)
    np.testing.assert_array_equal(found[~moved], q[~moved])
