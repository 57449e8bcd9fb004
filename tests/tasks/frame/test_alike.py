"""A worker works on a shard only if it is like the process that the night runs in."""

import pickle

import pytest

from tasks.frame import alike
from tasks.frame.alike import UnlikeWorkerError, likeness, only_if_alike


def double(shard: int) -> int:
    return 2 * shard


def test_a_worker_that_is_alike_works() -> None:
    assert pickle.loads(pickle.dumps(only_if_alike(double)))(4) == 8


@pytest.mark.parametrize("part", ["nightfold's code", "Python", "torch", "processor"])
def test_a_worker_that_is_not_alike_says_why(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    on_worker = only_if_alike(double)
    other = tuple((name, "other" if name == part else value) for name, value in likeness())
    assert other != likeness()
    monkeypatch.setattr(alike, "likeness", lambda: other)
    with pytest.raises(UnlikeWorkerError, match=f"with another {part}: "):
        on_worker(4)
