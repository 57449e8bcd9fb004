import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tasks.operating.doctor.examine import examine, repair_all
from tasks.operating.doctor.night import remedy_of
from tasks.operating.prune import prune
from tasks.store.history import PrunedNightError, read_history
from tasks.store.manifests import ManifestError
from tasks.store.pruned import known_files, pruned_path, read_pruned
from tasks.store.sealed import canonical_json, write_sealed
from tasks.store.storage import Store

PublishNight = Callable[..., dict[str, Any]]


@pytest.fixture
def pruned(store: Store, publish_night: PublishNight) -> Store:
    """Two nights that stay of four, the second of which withdrew a document."""
    publish_night(1, ["a", "b"])
    publish_night(2, ["c", "d"], window=["b"], withdrawn=["a"])
    publish_night(3, ["e", "f"], window=["b", "c", "d"])
    publish_night(4, ["g", "h"], window=["b", "c", "d", "e", "f"])
    prune(store.root, keep=2)
    repair_all(store.root)  # stage files that no record names
    return store


def found(store: Store) -> list[str]:
    return [it.line() for it in examine(store.root)]


def spoil(path: Path, how: str) -> None:
    path.unlink()
    if how == "flipped":
        path.write_bytes(b'{"format_version": 3, "nights": []}')
    elif how == "binary":
        path.write_bytes(b"\xfb")
    elif how == "nested":
        path.write_bytes(b"[" * 100_000)
    elif how == "folder":
        path.mkdir()
    elif how == "loop":
        path.symlink_to(path.name)


@pytest.mark.parametrize("how", ["gone", "flipped", "binary", "nested", "folder", "loop"])
def test_the_list_is_made_anew_from_what_stays_of_the_nights(pruned: Store, how: str) -> None:
    before = read_pruned(pruned)
    assert [bool(it.withdrawn) for it in before] == [False, True]
    spoil(pruned_path(pruned), how)
    with pytest.raises(ManifestError, match=r"pruned\.json .*nightfold doctor --repair"):
        read_history(pruned.model_copy(update={"night": date(2026, 3, 5)}))
    (line,) = found(pruned)
    assert ": known: " in line
    assert "--repair rebuilds the list from known/" in line
    repaired, left = repair_all(pruned.root)
    assert ([it.rule for it in repaired], left) == (["known"], [])
    assert read_pruned(pruned) == before


def test_a_list_that_cannot_be_made_anew_is_for_a_person(pruned: Store) -> None:
    pruned_path(pruned).unlink()
    damaged = known_files(pruned)[0]
    damaged.write_bytes(b"x")
    (line,) = found(pruned)
    assert f"bring it and {damaged.relative_to(pruned.root)}, which cannot be read" in line
    assert repair_all(pruned.root)[0] == []
    assert damaged.exists()


def test_a_list_that_is_damaged_with_all_that_it_names_is_for_a_person(pruned: Store) -> None:
    for path in known_files(pruned):
        path.unlink()
    pruned_path(pruned).write_bytes(b"x")
    (line,) = found(pruned)
    assert line.endswith("bring it back from a backup")


def test_a_list_of_an_older_nightfold_with_another_feeds_tables_is_made_anew(pruned: Store) -> None:
    before = read_pruned(pruned)
    nights = [it.model_dump(mode="json") for it in before]
    nights[0]["known"]["path"] = nights[0]["known"]["path"].replace("reviews", "reviewt")
    pruned_path(pruned).write_bytes(canonical_json({"format_version": 2, "nights": nights}))
    assert repair_all(pruned.root)[1] == []
    assert read_pruned(pruned) == before


def test_the_first_night_that_is_kept_is_not_to_be_run_again(pruned: Store) -> None:
    first, second, *_ = (pruned.on(night) for night in pruned.published_nights())
    with pytest.raises(PrunedNightError):
        read_history(first)
    assert "from a backup" in remedy_of(first)
    assert "nightfold run" not in remedy_of(first)
    assert f"--night {second.night}" in remedy_of(second)


def test_a_night_whose_window_was_pruned_is_said_to_come_out_otherwise(pruned: Store) -> None:
    said = "nights of its window were pruned, and it comes out without their documents"
    second = pruned.on(pruned.published_nights()[1])
    assert said in remedy_of(second)
    manifest = json.loads(second.manifest_path().read_bytes())
    del manifest["digest"]
    for n_days, is_said in ((2, False), (3, True)):
        manifest["config"]["window_days"] = n_days
        write_sealed(second.manifest_path(), manifest)
        assert (said in remedy_of(second)) is is_said
    # That of another night is what is left where its own manifest is gone.
    second.manifest_path().unlink()
    assert said in remedy_of(second)
