import json
import threading

import pytest

from tasks.store.bucket import lease
from tasks.store.bucket.lease import (
    LEASE,
    LEASE_SECONDS,
    Holding,
    LeaseLostError,
    holding_in,
    leased,
    seconds_left,
)
from tasks.store.bucket.objects import BucketError, ConditionFailedError, Read
from tasks.store.lock import StoreBusyError
from tests.tasks.store.bucket.memory import Memory

HELD = Holding("a@host", "process 1 on host")


@pytest.mark.parametrize(
    ("content", "age", "left"),
    [
        (HELD.content(), 10, LEASE_SECONDS - 10),
        (HELD.content(), LEASE_SECONDS, 0),
        (HELD.content(), LEASE_SECONDS + 5, 0),
        (Holding("b@host", "mine, of a process that was killed").content(), 10, 0),
        (Holding("a@host", "who", is_released=True).content(), 10, 0),
        (b"\xff", 10, LEASE_SECONDS - 10),
        (b'{"holder": "b@host"}', 10, LEASE_SECONDS - 10),
    ],
)
def test_a_lease_is_waited_for_until_it_ends(content: bytes, age: float, left: float) -> None:
    assert seconds_left(Read(content, "e", age), "b@host") == left


def test_no_lease_is_not_waited_for() -> None:
    assert seconds_left(None, "b@host") == 0


def test_a_second_holder_is_refused_until_the_first_is_done(objects: Memory) -> None:
    with leased(objects, "a@1", "process 7 on one\x1b[2J"):
        with pytest.raises(StoreBusyError, match=r"process 7 on one.* ends in 300 seconds") as said:
            leased(objects, "b@2", "second").__enter__()
        assert "\x1b" not in str(said.value)
    with leased(objects, "b@2", "second"):
        pass


def test_the_lease_of_a_machine_that_is_gone_is_taken_and_then_the_first_knows(
    objects: Memory,
) -> None:
    with leased(objects, "a@1", "first") as first:
        objects.ages[LEASE] = LEASE_SECONDS + 1
        with leased(objects, "b@2", "second") as second:
            with pytest.raises(LeaseLostError, match="nothing of it was published there"):
                first.renew()
            second.renew()
    told = holding_in(objects.contents[LEASE])
    assert told
    assert (told.holder, told.is_released) == ("b@2", True)


def test_two_at_the_same_moment_are_one(objects: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    objects.contents[LEASE] = Holding("a@1", "first", is_released=True).content()
    put = objects.put

    def late(name: str, content: bytes, replaces: str | None) -> str:
        objects.contents[LEASE] = Holding("c@3", "third").content()
        return put(name, content, replaces)

    monkeypatch.setattr(objects, "put", late)
    with pytest.raises(StoreBusyError, match="has just begun"):
        leased(objects, "b@2", "second").__enter__()


def test_an_answer_that_was_lost_is_no_loss_of_the_lease(
    objects: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = objects.put

    def twice(name: str, content: bytes, replaces: str | None) -> str:
        put(name, content, replaces)
        raise ConditionFailedError(name)

    with leased(objects, "a@1", "first") as held:
        with monkeypatch.context() as patch:
            patch.setattr(objects, "put", twice)
            held.renew()
        held.renew()


def test_no_two_renewals_are_the_same(objects: Memory) -> None:
    with leased(objects, "a@1", "first") as held:
        first = objects.contents[LEASE]
        held.renew()
        assert objects.contents[LEASE] != first
    with leased(objects, "a@1", "first"):
        assert json.loads(objects.contents[LEASE])["renewals"] == 3


def test_a_lease_is_renewed_while_it_is_held_and_after_a_hiccup(
    objects: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 9 * lease._RENEWED_EVERY < LEASE_SECONDS
    put, tried, is_renewed = objects.put, [], threading.Event()

    def fails_at_first(name: str, content: bytes, replaces: str | None) -> str:
        tried.append(content)
        if len(tried) == 2:
            raise BucketError("the network is away")
        if len(tried) == 4:
            is_renewed.set()
        return put(name, content, replaces)

    monkeypatch.setattr(objects, "put", fails_at_first)
    monkeypatch.setattr(lease, "_RENEWED_EVERY", 0.001)
    with leased(objects, "a@1", "first"):
        assert is_renewed.wait(timeout=20)


def test_two_renewals_at_once_take_turns(objects: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    put, is_overtaken, is_begun = objects.put, threading.Event(), threading.Event()

    def slow(name: str, content: bytes, replaces: str | None) -> str:
        if is_begun.is_set():
            is_overtaken.set()
        else:
            is_begun.set()
            is_overtaken.wait(timeout=0.05)
        return put(name, content, replaces)

    with leased(objects, "a@1", "first") as held:
        monkeypatch.setattr(objects, "put", slow)
        other = threading.Thread(target=held.renew)
        other.start()
        is_begun.wait(timeout=20)
        held.renew()
        other.join()
        told = holding_in(objects.contents[LEASE])
    assert told
    assert told.renewals == 3, "no two have the same bytes"


def test_a_lease_that_cannot_be_given_back_ends_by_itself(
    objects: Memory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> str:
        raise BucketError("the network is away")

    with leased(objects, "a@1", "first"):
        monkeypatch.setattr(objects, "put", away)
    assert "the lease could not be given back: the network is away" in caplog.text
