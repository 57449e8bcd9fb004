from datetime import date

import pytest

from tasks.store.manifests import ManifestError, NewerStoreError
from tasks.store.pruned import PrunedNight, pruned_path, read_pruned, write_pruned
from tasks.store.sealed import write_sealed
from tasks.store.storage import Ref, Store


def pruned(day: int) -> PrunedNight:
    ref = Ref(
        path=f"known/feed=reviews/night=2026-03-0{day}/part-{day}.parquet",
        sha256=f"{day}",
        rows=day,
    )
    return PrunedNight(night=date(2026, 3, day), known=ref)


def test_pruned_nights_are_read_back_oldest_first(store: Store) -> None:
    assert read_pruned(store) == []
    write_pruned(store, [pruned(3), pruned(1)])
    assert read_pruned(store) == [pruned(1), pruned(3)]
    assert pruned_path(store) == store.root / "runs" / "feed=reviews" / "pruned.json"


def test_a_night_that_is_still_published_is_not_pruned(store: Store) -> None:
    write_pruned(store, [pruned(1), pruned(2)])
    store.manifest_path().parent.mkdir(parents=True)
    store.manifest_path().write_bytes(b"{}")
    assert read_pruned(store) == [pruned(1)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format_version": 1}',
        b'{"format_version": 1, "nights": [1]}',
        b"\xfb",
        b"[" * 99_999,
    ],
)
def test_a_damaged_list_is_an_error_that_names_it(content: bytes, store: Store) -> None:
    write_pruned(store, [])
    pruned_path(store).write_bytes(content)
    with pytest.raises(ManifestError, match=r"pruned.json must"):
        read_pruned(store)


def test_a_newer_list_is_refused(store: Store) -> None:
    write_pruned(store, [])
    write_sealed(pruned_path(store), {"format_version": 99, "nights": []})
    with pytest.raises(NewerStoreError):
        read_pruned(store)


def test_a_list_in_whose_place_is_something_else_is_an_error(store: Store) -> None:
    pruned_path(store).mkdir(parents=True)
    with pytest.raises(ManifestError, match="cannot be read: Is a directory; nightfold doctor"):
        read_pruned(store)
    pruned_path(store).rmdir()
    pruned_path(store).symlink_to("pruned.json")
    with pytest.raises(ManifestError, match="cannot be read: Too many levels"):
        read_pruned(store)
