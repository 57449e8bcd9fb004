import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.operating import prune as pruning
from tasks.operating.doctor.examine import examine, repair_all
from tasks.operating.prune import forget_cache, plan_prune, prune
from tasks.preparing.seen import read_seen
from tasks.preparing.texts.cleaning import text_digest
from tasks.store.embeddings import EmbeddingShelf
from tasks.store.files import write_atomically
from tasks.store.history import PrunedNightError, read_history, require_intact
from tasks.store.listing import read_retired
from tasks.store.manifests import NewerStoreError, read_object
from tasks.store.sealed import write_sealed
from tasks.store.storage import DamagedFileError, Store, read_table
from tests.tasks.shelves import digests_on

PublishNight = Callable[..., dict[str, Any]]


@pytest.fixture
def stored(store: Store, publish_night: PublishNight) -> Store:
    """Four nights with a document each and what they share, and the embeddings of all."""
    window: list[str] = []
    for day in (1, 2, 3, 4):
        new = [f"n{day}", f"m{day}"]
        publish_night(day, new, window=window)
        window += new
    return store


def files(root: Path) -> set[str]:
    return {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and "state" not in path.relative_to(root).parts
    }


def of_night(root: Path, day: int) -> set[str]:
    return {file for file in files(root) if f"night=2026-03-0{day}" in file}


def findings(store: Store) -> list[str]:
    return [it.line() for it in examine(store.root) if it.rule != "orphan"]


def test_the_last_nights_stay_and_the_others_are_unlisted(stored: Store) -> None:
    before = files(stored.root)
    done = prune(stored.root, keep=2)
    assert [night.night.day for night in done.unlisted] == [1, 2]
    assert [night.day for night in stored.published_nights()] == [3, 4]
    gone = before - files(stored.root)
    assert gone == {f"runs/feed=reviews/night=2026-03-0{day}/manifest.json" for day in (1, 2)}


def test_the_night_that_quiet_nights_show_stays(stored: Store, publish_night: PublishNight) -> None:
    for day in (5, 6, 7):
        publish_night(day, [f"q{day}", f"r{day}"])
        path = stored.manifest_path(date(2026, 3, day))
        manifest = read_object(path, "")
        write_sealed(path, manifest | {"counts": manifest["counts"] | {"read": 0}})
    done = prune(stored.root, keep=2)
    assert [night.night.day for night in done.unlisted] == [1, 2, 3]
    assert [night.day for night in stored.published_nights()] == [4, 5, 6, 7]


def test_a_reader_that_listed_before_reads_on_until_the_next_prune(stored: Store) -> None:
    listed = read_history(stored.model_copy(update={"night": date(2026, 3, 4)}))
    parts = set(stored.root.glob("embeddings/*/*"))
    prune(stored.root, keep=2)
    require_intact(stored, listed)
    for night in listed.nights:
        assert read_table(stored, night.documents).num_rows == 2
    assert all(path.is_file() for path in parts)
    prune(stored.root, keep=2)
    with pytest.raises(DamagedFileError):
        require_intact(stored, listed)
    assert not any(path.is_file() for path in parts)
    assert of_night(stored.root, 1) == {
        file for file in of_night(stored.root, 1) if file.startswith("known/")
    }
    assert len(of_night(stored.root, 1)) == 1


def test_a_pruned_store_is_sound_after_every_prune(stored: Store) -> None:
    for _ in range(3):
        prune(stored.root, keep=2)
        assert findings(stored) == []
    assert read_retired(stored.root) == set()
    again = plan_prune(stored.root, keep=2)
    assert (again.unlisted, again.retired, again.removed) == ([], set(), set())


def test_pruned_documents_are_still_known_but_without_their_texts(stored: Store) -> None:
    prune(stored.root, keep=2)
    history = read_history(stored.model_copy(update={"night": date(2026, 3, 5)}))
    tables = {it.night.day: read_table(stored, it.table) for it in history.documents()}
    assert sorted(tables) == [1, 2, 3, 4]
    assert tables[1].column_names == ["doc_id", "text_digest"]
    assert tables[1].to_pylist()[0] == {"doc_id": "n1", "text_digest": "digest of n1"}
    within = history.documents_within(stored.model_copy(update={"night": date(2026, 3, 5)}), 30)
    assert [it.night.day for it in within] == [3, 4]


def test_nights_that_lost_what_they_build_on_cannot_be_run(stored: Store) -> None:
    prune(stored.root, keep=2)
    for day in (1, 2, 3):
        with pytest.raises(PrunedNightError, match="nights up to 2026-03-02 were pruned"):
            read_history(stored.model_copy(update={"night": date(2026, 3, day)}))
    read_history(stored.model_copy(update={"night": date(2026, 3, 4)}))


def test_embeddings_that_no_kept_document_uses_go(stored: Store) -> None:
    shelf = EmbeddingShelf(stored.root, "E", "0123456789abcdef")
    for _ in range(2):
        prune(stored.root, keep=2)
    assert digests_on(shelf) == {f"digest of {it}{day}" for it in "nm" for day in (3, 4)}
    assert len(list(stored.root.glob("embeddings/*/*"))) == 1


def test_passages_that_no_kept_night_mentions_go(store: Store, publish_night: PublishNight) -> None:
    passages = {it: [f"{it} is loud.", f"{it} is late."] for it in ("n1", "m3")}
    window: list[str] = []
    for day in (1, 2, 3, 4):
        publish_night(day, new := [f"n{day}", f"m{day}"], window=window, passages=passages)
        window += new
    shelf = EmbeddingShelf(store.root, "E", "0123456789abcdef", "passages")
    shelf.add([text_digest(None, "of nobody")], np.ones((1, 2), dtype=np.float32))
    before = digests_on(shelf)
    prune(store.root, keep=3)
    assert digests_on(shelf) == before  # a reader of the nights before may be there
    prune(store.root, keep=3)
    # The document n1 is of the first night, and in the windows of those that are kept.
    assert digests_on(shelf) == before - {text_digest(None, "of nobody")}
    assert findings(store) == []


def test_a_text_that_another_feed_uses_stays(stored: Store, publish_night: PublishNight) -> None:
    publish_night(1, ["n1", "x"], feed="tickets")
    for _ in range(2):
        prune(stored.root, keep=2)
    digests = digests_on(EmbeddingShelf(stored.root, "E", "0123456789abcdef"))
    assert "digest of n1" in digests
    assert "digest of m1" not in digests


def test_a_dry_run_does_nothing(stored: Store) -> None:
    before = {path: path.stat().st_mtime_ns for path in stored.root.rglob("*")}
    planned = plan_prune(stored.root, keep=2)
    assert {path: path.stat().st_mtime_ns for path in stored.root.rglob("*")} == before
    assert len(planned.unlisted) == 2
    assert [layout.n_dropped for layout in planned.layouts] == [4]
    assert prune(stored.root, keep=2) == planned


@pytest.mark.parametrize(
    "step", ["write_parts", "_unlist", "forget_copies", "_remove", "empty_trash", "forget_cache"]
)
def test_a_prune_that_is_cut_short_is_finished_by_the_next(
    stored: Store, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pruning, step, killed)
        with pytest.raises(KeyboardInterrupt):
            prune(stored.root, keep=2)
    assert all(line.startswith("known/") and ": unlisted: " in line for line in findings(stored))
    for _ in range(3):
        prune(stored.root, keep=2)
    assert findings(stored) == []
    assert [night.day for night in stored.published_nights()] == [3, 4]
    assert len(of_night(stored.root, 2)) == 1
    assert len(digests_on(EmbeddingShelf(stored.root, "E", "0123456789abcdef"))) == 4


def test_nights_of_the_last_window_are_named(stored: Store) -> None:
    assert [night.night.day for night in plan_prune(stored.root, keep=2).shortened()] == [1, 2]


def test_one_night_is_too_few(stored: Store) -> None:
    with pytest.raises(ValueError, match="keep must be at least 2 nights, got 1"):
        prune(stored.root, keep=1)


def test_a_damaged_or_newer_store_is_not_pruned(stored: Store) -> None:
    before = files(stored.root)
    path = next(stored.partition("documents", date(2026, 3, 1)).iterdir())
    good = path.read_bytes()
    path.write_bytes(good[:-4])
    with pytest.raises(DamagedFileError, match="is damaged"):
        prune(stored.root, keep=2)
    path.write_bytes(good)
    newer = read_object(stored.manifest_path(), "") | {"format_version": 99}
    write_sealed(stored.manifest_path(), newer)
    with pytest.raises(NewerStoreError):
        prune(stored.root, keep=2)
    assert {file for file in files(stored.root) if not file.startswith("known/")} == before


def test_what_was_cached_before_a_moment_goes(store: Store) -> None:
    for number, name in enumerate(("stages/embed/a", "results/b", "stages/embed/c", "prefect/d")):
        write_atomically(store.state / name, b"x")
        os.utime(store.state / name, (number, number))
    assert forget_cache(store.root, until=1) == 2
    left = {path.name for path in store.state.rglob("*") if path.is_file()}
    assert left == {"c", "d"}


def test_a_damaged_list_of_pruned_nights_is_found(stored: Store) -> None:
    prune(stored.root, keep=2)
    known = next(stored.root.glob("known/*/night=2026-03-01/*"))
    known.write_bytes(b"x")
    (line,) = findings(stored)
    assert "documents would count as new, or as known, again" in line
    (stored.root / "runs" / "feed=reviews" / "pruned.json").write_bytes(b"{")
    (stored.root / "state" / "retired.json").write_bytes(b"{")
    lines = findings(stored)
    assert [line.split(": ")[1] for line in lines] == ["known", "retired"]


def test_a_withdrawal_outlives_the_pruning_of_its_night(
    store: Store, publish_night: PublishNight
) -> None:
    publish_night(1, ["a", "b"])
    publish_night(2, ["c", "d"], window=["b"], withdrawn=["a"])
    publish_night(3, ["e", "f"], window=["b", "c", "d"])
    publish_night(4, ["a", "g"], window=["b", "c", "d", "e", "f"])
    prune(store.root, keep=2)
    tomorrow = store.model_copy(update={"night": date(2026, 3, 5)})
    past = read_history(tomorrow)
    require_intact(tomorrow, past)
    seen = read_seen(tomorrow, past.documents(), {"a"})
    assert seen.text_of_id["a"][1] == "2026-03-04"
    assert findings(store) == []
    prune(store.root, keep=2)
    assert findings(store) == []
    early = store.model_copy(update={"night": date(2026, 3, 4)})
    seen = read_seen(early, [it for it in past.documents() if it.night < early.night], {"a"})
    assert seen.withdrawn_on == {"a": "2026-03-02"}
    assert seen.find("a") is None


def test_the_trash_goes_in_the_second_prune_and_the_store_is_sound_at_every_step(
    stored: Store,
) -> None:
    stray = stored.partition("documents", date(2026, 3, 4)) / "part-0.parquet"
    write_atomically(stray, b"x")
    repair_all(stored.root)
    said = [" ".join(prune(stored.root, keep=2).sentences()) for _ in range(2)]
    assert "files in the trash: 0 removed, 1 left for the next prune" in said[0]
    assert "files in the trash: 1 removed, 0 left for the next prune" in said[1]
    assert findings(stored) == []
    assert not (stored.root / "trash").exists()


def test_remarks_and_the_tree_go_with_their_night(
    store: Store, publish_night: PublishNight
) -> None:
    for day in (1, 2, 3):
        publish_night(day, [f"n{day}", f"ok{day}"], remarks=[f"ok{day}"])
    prune(store.root, keep=2)
    prune(store.root, keep=2)
    tables = {name.split("/")[0] for name in of_night(store.root, 1)}
    assert "cluster_tree" not in tables
    assert "cluster_tree" in {name.split("/")[0] for name in of_night(store.root, 3)}
    assert findings(store) == []
