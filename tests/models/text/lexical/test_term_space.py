"""A space of terms that is kept as its documents, against the decomposition that it stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from models.text.lexical.term_space import TermSpace, weigh

COUNTS = st.integers(1, 12).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=n, max_size=n)
)


def decomposed(
    counts: sparse.csr_matrix, idf: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    return np.linalg.svd(weigh(counts, idf).toarray(), full_matrices=False)


@given(COUNTS)
@settings(max_examples=40, deadline=None)
def test_directions_are_the_right_singular_vectors(rows: list[list[int]]) -> None:
    counts = sparse.csr_matrix(np.array(rows, dtype=np.float32))
    idf = np.linspace(1, 2, 5, dtype=np.float32)
    left, values, right = decomposed(counts, idf)
    found = TermSpace.of(counts, left).directions(idf)
    is_one = values > 0.05 * values.max() + 1e-6
    np.testing.assert_allclose(found[is_one], right[is_one], atol=2e-2)
    is_none = values < 1e-6
    assert not found[is_none].any(), "rounding of the solver is no direction"


def test_a_term_counts_as_often_as_it_occurs() -> None:
    counts = sparse.csr_matrix(np.array([[0, 3, 1], [0, 0, 0], [2, 0, 0]], dtype=np.float32))
    space = TermSpace.of(counts, np.eye(3, 2))
    assert space.occurrences.tolist() == [1, 1, 1, 2, 0, 0]
    assert space.lengths.tolist() == [4, 0, 2]
    np.testing.assert_array_equal(space._counts(3).toarray(), counts.toarray())


@pytest.mark.parametrize(("n_terms", "kind"), [(65_536, np.uint16), (65_537, np.uint32)])
def test_places_of_terms_take_as_many_bytes_as_they_need(n_terms: int, kind: type) -> None:
    counts = sparse.csr_matrix(([1.0], ([0], [n_terms - 1])), shape=(1, n_terms))
    space = TermSpace.of(counts, np.ones((1, 1)))
    assert space.occurrences.dtype == kind
    assert space.occurrences.tolist() == [n_terms - 1]
    assert space.nbytes == space.occurrences.nbytes + 4 + 2


def test_a_space_turned_round_has_the_other_directions() -> None:
    counts = sparse.csr_matrix(np.array([[1, 2, 0], [0, 1, 1]], dtype=np.float32))
    idf = np.ones(3, dtype=np.float32)
    space = TermSpace.of(counts, decomposed(counts, idf)[0])
    signs = np.array([-1, 1], dtype=np.float32)
    turned = space.turned(signs).directions(idf)
    np.testing.assert_array_equal(turned, space.directions(idf) * signs[:, None])
