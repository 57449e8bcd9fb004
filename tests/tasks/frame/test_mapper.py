"""Results come in the order of the shards, and no more shards are on their way than workers need."""

from typing import Any

import pytest

from tasks.frame.mapper import InProcess, in_order


class Workers:
    """Workers that are done with a shard when its result is asked for."""

    def __init__(self, n: int = 2) -> None:
        self.n = n
        self.begun: list[int] = []
        self.finished: list[int] = []
        self.cancelled: list[int] = []

    def begin(self, shard: int) -> int:
        self.begun.append(shard)
        return shard

    def finish(self, shard: int) -> int:
        self.finished.append(shard)
        return 2 * shard

    def results(self, shards: list[int]) -> Any:
        return in_order(self.begin, self.finish, self.cancelled.extend, lambda: self.n, shards)


def test_results_come_in_the_order_of_the_shards() -> None:
    seen: list[int] = []

    def double(shard: int) -> int:
        seen.append(shard)
        return 2 * shard

    assert list(InProcess().map(double, [3, 1, 2])) == [6, 2, 4]
    assert seen == [3, 1, 2]
    assert list(Workers().results([3, 1, 2])) == [6, 2, 4]


def test_in_this_process_a_shard_is_begun_when_the_last_result_was_taken() -> None:
    """What is saved before the next one is begun is not lost."""
    seen: list[int] = []
    results = InProcess().map(seen.append, [1, 2])
    next(results)
    assert seen == [1]


def test_two_shards_for_each_worker_are_on_their_way_and_no_more() -> None:
    workers = Workers(2)
    results = workers.results(list(range(20)))
    assert next(results) == 0
    assert workers.begun == [0, 1, 2, 3]
    workers.n = 3  # another worker has come
    assert next(results) == 2
    assert workers.begun == [0, 1, 2, 3, 4, 5, 6]


def test_without_a_worker_a_shard_waits_for_one_all_the_same() -> None:
    workers = Workers(0)
    assert next(workers.results([1, 2, 3])) == 2
    assert workers.begun == [1, 2]


def test_what_nobody_waits_for_is_cancelled() -> None:
    workers = Workers(2)
    results = workers.results(list(range(20)))
    next(results)
    results.close()
    assert workers.cancelled == [1, 2, 3]


def test_what_follows_a_shard_that_fails_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers(2)
    monkeypatch.setattr(workers, "finish", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        next(workers.results(list(range(20))))
    assert workers.cancelled == [1, 2, 3]
