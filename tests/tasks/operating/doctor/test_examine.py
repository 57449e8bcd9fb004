import shutil
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tasks.operating.doctor.examine import examine, repair_all
from tasks.store.files import WRITING, write_atomically
from tasks.store.listing import feeds_of
from tasks.store.manifests import NewerStoreError, read_object
from tasks.store.sealed import write_sealed
from tasks.store.storage import Store

PublishNight = Callable[..., dict[str, Any]]


@pytest.fixture
def stored(store: Store, publish_night: PublishNight) -> Store:
    """Two feeds, whose stage files no record names, as no stage made them."""
    publish_night(1, ["a", "b"])
    publish_night(2, ["c", "d"], window=["a", "b"])
    publish_night(1, ["a", "z"], feed="tickets")
    return store


def rules(store: Store) -> dict[str, str]:
    return {it.file: it.rule for it in examine(store.root) if it.rule != "orphan"}


def test_feeds_share_nothing_but_the_store(stored: Store) -> None:
    assert feeds_of(stored.root) == ["reviews", "tickets"]
    assert rules(stored) == {}


def test_what_no_manifest_names_is_found(stored: Store) -> None:
    path = stored.partition("documents", date(2026, 3, 7)) / "part-1.parquet"
    write_atomically(path, b"x")
    write_atomically(path.with_name(f"{WRITING}x"), b"x")
    model = stored.partition("models") / "lexical" / "model-1.json"
    write_atomically(model, b"x")
    found = rules(stored)
    assert sorted(found.values()) == ["temporary", "unlisted", "unlisted"]
    assert found[model.relative_to(stored.root).as_posix()] == "unlisted"


def test_beside_a_damaged_manifest_nothing_is_taken_for_unlisted(stored: Store) -> None:
    stored.manifest_path().write_bytes(b"{")
    assert set(rules(stored).values()) == {"manifest"}


def test_a_repair_leaves_what_only_a_person_can_do(stored: Store) -> None:
    damaged = next(stored.partition("clusters").iterdir())
    good = damaged.read_bytes()
    damaged.write_bytes(good[:-3])
    shutil.rmtree(stored.state / "copies")
    stored.manifest_path(date(2026, 3, 1)).write_bytes(b"{")
    half = stored.root / f"{WRITING}x"
    half.write_bytes(b"x")
    repaired, left = repair_all(stored.root)
    assert {finding.rule for finding in repaired} == {"digest", "temporary"}
    assert damaged.read_bytes() == good
    assert not half.exists()
    assert [finding.rule for finding in left] == ["manifest"]
    assert repair_all(stored.root) == ([], left)


def test_a_newer_store_is_neither_examined_nor_repaired(stored: Store) -> None:
    newer = read_object(stored.manifest_path(), "") | {"format_version": 99}
    write_sealed(stored.manifest_path(), newer)
    with pytest.raises(NewerStoreError, match="newer nightfold"):
        repair_all(stored.root)
