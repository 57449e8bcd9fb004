"""The commit of a night: its manifest makes it count, and a reader of the night before is safe."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

import tasks.publishing.publish
from tasks.operating.prune import prune
from tasks.publishing.guard import LostDocumentsError, UnsoundNightError
from tasks.publishing.night import Night
from tasks.publishing.publish import publish_night
from tasks.store.embeddings import shelves_of
from tasks.store.listing import REPORTS, read_retired, refs_of
from tasks.store.manifests import ManifestError
from tasks.store.storage import Ref, Store, is_intact, read_table
from tests.tasks.shelves import digests_on
from validation.tables.schemas import EVERY_NIGHT

MakeNight = Callable[..., tuple[Store, Night]]
N_FIRST = len(EVERY_NIGHT) + 5
"""Writes of a night that replaces none: the tables, three models, the summary, the manifest."""

WRITES = ("copy_atomically", "write_retired", "write_atomically", "write_sealed")


class Killed(BaseException):
    """The process ends here."""


def kill_before_write(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let so many writes of a commit happen, and no more."""
    done = itertools.count()

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def write_or_die(*args: Any) -> Any:
            if next(done) >= number:
                raise Killed
            return write(*args)

        return write_or_die

    for name in WRITES:
        monkeypatch.setattr(
            tasks.publishing.publish, name, counted(getattr(tasks.publishing.publish, name))
        )


def files_of(store: Store) -> dict[str, Ref]:
    """Return the tables and models of a night; its report is written over in place."""
    named = refs_of(store.read_manifest())
    return {name: ref for name, ref in named.items() if not name.startswith(REPORTS)}


def ids_of(store: Store) -> list[str]:
    ref = files_of(store)["documents"]
    return [str(it) for it in read_table(store, ref, ["doc_id"])["doc_id"].to_pylist()]


def is_whole(store: Store) -> bool:
    return all(is_intact(store, ref) for ref in files_of(store).values())


def test_a_night_is_published_whole(make_night: MakeNight) -> None:
    store, night = make_night(2, ["a", "b"])
    assert publish_night(store, night, []).changed
    assert ids_of(store) == ["a", "b"]
    assert is_whole(store)
    assert read_retired(store.root) == set()


def test_vectors_that_were_lost_since_they_were_made_are_put_back(make_night: MakeNight) -> None:
    store, night = make_night(2, ["a"], passages=["a 1", "a 2"])
    texts, passages = shelves_of(store.root, "E", "0123456789abcdef")
    publish_night(store, night, [])
    assert digests_on(texts) == {"digest of a"}
    assert digests_on(passages) == {"digest of a 1", "digest of a 2"}


def test_the_same_night_again_writes_nothing(
    make_night: MakeNight, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, night = make_night(2, ["a", "b"])
    publish_night(store, night, [])
    kill_before_write(monkeypatch, 0)
    assert not publish_night(store, night, []).changed


@pytest.mark.parametrize("number", range(N_FIRST + 2))
def test_a_night_that_is_killed_before_any_write_is_not_published(
    number: int, make_night: MakeNight, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, night = make_night(2, ["a", "b"])
    with monkeypatch.context() as patched:
        kill_before_write(patched, number)
        try:
            publish_night(store, night, [])
        except Killed:
            assert store.published_nights() == []
    was_killed = number < N_FIRST
    assert (store.published_nights() == []) is was_killed
    assert publish_night(store, night, []).changed is was_killed
    assert (ids_of(store), is_whole(store)) == (["a", "b"], True)


@pytest.mark.parametrize("number", range(N_FIRST + 2))
def test_a_night_that_replaces_another_is_killed_before_any_write(
    number: int, make_night: MakeNight, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, first = make_night(2, ["a", "b"])
    publish_night(store, first, [])
    before = files_of(store)
    _, second = make_night(2, ["a", "b", "c"])
    with monkeypatch.context() as patched:
        kill_before_write(patched, number)
        try:
            publish_night(store, second, [])
        except Killed:
            assert ids_of(store) == ["a", "b"]
    assert is_whole(store)
    publish_night(store, second, [])
    assert (ids_of(store), is_whole(store)) == (["a", "b", "c"], True)
    assert all(is_intact(store, ref) for ref in before.values()), "a reader of the first is broken"


def test_files_of_a_replaced_night_stay_until_the_next_prune(make_night: MakeNight) -> None:
    for day in (1, 2):
        store, night = make_night(day, [f"{day}a", f"{day}b"])
        publish_night(store, night, [])
    before = files_of(store)
    _, second = make_night(2, ["2a", "2b", "2c"])
    publish_night(store, second, [])
    replaced = {ref.path for ref in before.values()} - {it.path for it in files_of(store).values()}
    assert read_retired(store.root) == replaced
    assert {"documents", "assignments"} <= {path.partition("/")[0] for path in replaced}
    assert all(is_intact(store, ref) for ref in before.values())
    prune(store.root, 2)
    assert not any((store.root / path).exists() for path in replaced)
    assert is_whole(store)
    assert replaced.isdisjoint(read_retired(store.root))


def test_a_night_that_comes_back_is_not_removed_by_a_prune(make_night: MakeNight) -> None:
    store, first = make_night(1, ["a", "b"])
    publish_night(store, first, [])
    store, first = make_night(2, ["c", "d"])
    _, second = make_night(2, ["c", "d", "e"])
    for night in (first, second, first):
        publish_night(store, night, [])
    prune(store.root, 2)
    assert (ids_of(store), is_whole(store)) == (["c", "d"], True)


def test_a_night_that_does_not_add_up_replaces_nothing(
    make_night: MakeNight, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, good = make_night(2, ["a", "b"])
    publish_night(store, good, [])
    facts = good.facts | {"counts": good.facts["counts"] | {"accepted": 3}}
    kill_before_write(monkeypatch, 0)
    with pytest.raises(UnsoundNightError, match="read 4 is not accepted"):
        publish_night(store, good.model_copy(update={"facts": facts}), [])
    assert store.read_manifest().counts["accepted"] == 2
    assert is_whole(store)


def test_a_night_that_loses_documents_of_later_nights_replaces_nothing(
    make_night: MakeNight,
) -> None:
    for store, night in (make_night(2, ["a", "b"]), make_night(3, ["c"], ["a", "b"])):
        publish_night(store, night, [])
    store, worse = make_night(2, ["a"])
    with pytest.raises(LostDocumentsError, match="documents 'b', which night 2026-03-03 has"):
        publish_night(store, worse, [])
    assert (ids_of(store), is_whole(store)) == (["a", "b"], True)


def test_a_damaged_list_of_retired_files_stops_before_the_night_is_replaced(
    make_night: MakeNight,
) -> None:
    store, first = make_night(2, ["a", "b"])
    publish_night(store, first, [])
    (store.state / "retired.json").write_bytes(b"{")
    _, second = make_night(2, ["a", "b", "c"])
    with pytest.raises(ManifestError, match=r"retired\.json"):
        publish_night(store, second, [])
    assert (ids_of(store), is_whole(store)) == (["a", "b"], True)
