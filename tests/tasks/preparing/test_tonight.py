"""Tonight's documents by their ids and texts: what is found is what dictionaries would find."""

import hashlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.preparing.tonight import SortedHashes, TonightsDocuments

PAIRS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5)), max_size=40)


def digest(text: object) -> str:
    return hashlib.sha256(str(text).encode()).hexdigest()


@given(pairs=PAIRS, size=st.integers(1, 9))
def test_ids_and_texts_are_found_as_in_dictionaries(
    pairs: list[tuple[int, int]], size: int
) -> None:
    tonight, by_id, by_text = TonightsDocuments(), dict[str, str](), dict[str, str]()
    documents = [(f"ä{doc_id}", digest(text)) for doc_id, text in pairs]
    for first in range(0, len(documents), size):
        batch = documents[first : first + size]
        tonight.look_up({doc_id for doc_id, _ in batch}, {it for _, it in batch})
        for doc_id, of_text in batch:
            assert tonight.digest_of(doc_id) == by_id.get(doc_id)
            assert tonight.first_with(of_text) == by_text.get(of_text)
            if doc_id not in by_id:
                tonight.add(doc_id, of_text)
                by_id[doc_id] = of_text
                by_text.setdefault(of_text, doc_id)


def test_what_has_the_hash_of_another_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tasks.preparing.tonight._hashes", lambda texts: np.array([7 for _ in texts], np.int64)
    )
    tonight = TonightsDocuments()
    for number in range(3):
        tonight.look_up([], [])
        tonight.add(str(number), digest(number))
    tonight.look_up(["1", "9"], [digest(2), digest(9)])
    assert (tonight.digest_of("1"), tonight.digest_of("9")) == (digest(1), None)
    assert (tonight.first_with(digest(2)), tonight.first_with(digest(9))) == ("2", None)


def test_runs_stay_few() -> None:
    hashes = SortedHashes()
    for number in range(100):
        hashes.add(np.array([number % 7]), np.array([number], np.uint32))
    assert len(hashes._runs) <= 7
    found = sorted(number for _, number in hashes.find(np.array([3])))
    assert found == list(range(3, 100, 7))


def test_a_document_takes_a_hundred_bytes() -> None:
    digests = [digest(number) for number in range(20_000)]
    tonight = TonightsDocuments()
    tracemalloc.start()
    try:
        for number, of_text in enumerate(digests):
            tonight.add(f"d{number:011}", of_text)
            if number % 500 == 499:
                tonight.look_up([], [])
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / len(digests) < 100
