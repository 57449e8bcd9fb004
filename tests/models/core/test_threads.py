"""One thread for a step, several for independent pieces, and the limits of before afterwards."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from models.core import threads
from models.core.arrays import normalise_rows
from models.core.graph import nearest_neighbours
from models.core.lloyd import kmeans, kmeans_runs
from models.core.threads import free_threads, map_ahead, map_pieces, one_thread
from models.quality.stability import recluster_resamples
from tests.two_threads import two_threads_each


def limits() -> set[int]:
    """Threads that every pool of this process may use, as the calling thread sees it."""
    return {pool["num_threads"] for pool in threadpool_info()} | {torch.get_num_threads()}


@pytest.fixture
def two_threads() -> object:
    with two_threads_each():
        yield


@pytest.mark.usefixtures("two_threads")
def test_a_step_has_one_thread_and_the_limits_of_before_come_back() -> None:
    assert limits() == {2}
    with one_thread():
        assert limits() == {1}
        with one_thread():
            assert limits() == {1}
        assert limits() == {1}
    assert limits() == {2}
    # Threads that start later ask torch itself, and so does its MKL.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(torch.get_num_threads).result() == 2


def test_pools_are_looked_for_again_when_modules_have_come() -> None:
    n_modules = len(sys.modules)
    found = threads._controller(n_modules)
    assert threads._controller(n_modules) is found
    assert threads._controller(n_modules + 1) is not found


@pytest.mark.usefixtures("two_threads")
def test_the_limits_come_back_after_an_error() -> None:
    @one_thread()
    def fail() -> None:
        raise KeyError(str(limits()))

    with pytest.raises(KeyError, match=r"\{1\}"):
        fail()
    assert limits() == {2}


@pytest.mark.usefixtures("two_threads")
def test_pieces_share_the_cores_and_each_has_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "free_threads", lambda: 3)
    together = threading.Barrier(3, timeout=60)

    def piece(number: int) -> tuple[int, set[int]]:
        together.wait()  # only passed if three pieces run at the same time
        return number, limits()

    assert map_pieces(piece, range(6)) == [(number, {1}) for number in range(6)]
    assert limits() == {2}


def test_no_more_pieces_at_once_than_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "free_threads", lambda: 4)
    running = threading.Semaphore(2)

    def piece(_: int) -> bool:
        with_room = running.acquire(blocking=False)
        threading.Event().wait(0.01)
        running.release()
        return with_room

    assert all(map_pieces(piece, range(8), at_once=2))


def test_progress_counts_pieces_and_nothing_gives_nothing() -> None:
    counted: list[int] = []
    assert map_pieces(abs, [-1, -2, -3], progress=counted.append) == [1, 2, 3]
    assert counted == [1, 2, 3]
    assert map_pieces(abs, []) == []


def test_an_error_in_a_piece_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        map_pieces(lambda it: 1 / it, [1, 0, 2])


@pytest.mark.parametrize(
    ("said", "count"), [("1", 1), ("3", 3), ("2,4", 2), ("99", 8), ("x", 8), ("0", 8)]
)
def test_an_operator_bounds_the_threads(
    monkeypatch: pytest.MonkeyPatch, said: str, count: int
) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert free_threads() == count


def test_without_a_word_every_core_that_is_ours_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("joblib.cpu_count", lambda: 5)
    assert free_threads() == 5


def rows(count: int) -> np.ndarray:
    X = np.random.default_rng(0).normal(size=(count, 24)).astype(np.float32)
    return normalise_rows(X)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_results_have_the_same_bits_on_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    X = rows(300)
    monkeypatch.setattr("models.core.graph.BLOCK_CELLS", 300 * 40)
    monkeypatch.setattr(threads, "free_threads", lambda: 1)
    expected = (
        nearest_neighbours(X, 5),
        kmeans_runs(X, 6, np.random.default_rng(0), 7, 100),
        recluster_resamples(X, 6, np.random.default_rng(0), 5),
    )
    monkeypatch.setattr(threads, "free_threads", lambda: count)
    found = (
        nearest_neighbours(X, 5),
        kmeans_runs(X, 6, np.random.default_rng(0), 7, 100),
        recluster_resamples(X, 6, np.random.default_rng(0), 5),
    )
    for one, other in zip(_arrays(expected), _arrays(found), strict=True):
        assert one.tobytes() == other.tobytes()


def test_runs_of_k_means_are_those_of_a_loop() -> None:
    X, rng = rows(200), np.random.default_rng(3)
    expected = [kmeans(X, 5, rng, 80) for _ in range(4)]
    for one, other in zip(
        expected, kmeans_runs(X, 5, np.random.default_rng(3), 4, 80), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def _arrays(found: object) -> list[np.ndarray]:
    if isinstance(found, np.ndarray):
        return [found]
    return [array for item in found for array in _arrays(item)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("n_ahead", [0, 1, 3, 9])
def test_results_computed_ahead_come_in_the_order_of_the_pieces(n_ahead: int) -> None:
    assert list(map_ahead(lambda it: it**2, range(7), n_ahead)) == [0, 1, 4, 9, 16, 25, 36]


def test_no_more_is_computed_ahead_than_is_said() -> None:
    computed: list[int] = []
    results = map_ahead(computed.append, range(9), 2)
    next(results)
    list(islice(results, 3))
    assert len(computed) <= 4 + 2


def test_an_error_ahead_comes_with_its_piece() -> None:
    results = map_ahead(lambda it: 1 / it, [1, 0], 2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)
