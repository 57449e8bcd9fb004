"""What a pull fetches and removes, and what a machine that dies meanwhile shows."""

import logging

import pytest

from tasks.store.aside.copies import lost_nights, manifest_copy
from tasks.store.bucket import pull
from tasks.store.bucket.layout import is_manifest, vector_files
from tests.tasks.store.bucket.memory import Killed, Machines, publish_tiny, text_of

FIRST = "feed=reviews/night=2026-03-01"


def dies(*_: object) -> None:
    raise Killed


def delete_first_night(machines: Machines, name: str) -> None:
    with machines.run(name, 3) as (night, held):
        for file in (f"runs/{FIRST}/manifest.json", f"reports/{FIRST}/summary.md"):
            (night.root / file).unlink()
        held.send()


def test_a_pull_that_is_cut_short_shows_no_part_of_a_night(
    two_nights: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(two_nights.objects, "get_file", dies)
        with pytest.raises(Killed):
            two_nights.look("b")
    assert two_nights.night("b", 1).published_nights() == []
    assert two_nights.look("b") == [1, 2]


def test_a_removal_that_is_cut_short_has_begun_with_the_manifest(
    two_nights: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_nights.look("b")
    delete_first_night(two_nights, "a")
    with monkeypatch.context() as patch:
        patch.setattr(pull, "remove_empty_folders", dies)
        with pytest.raises(Killed):
            two_nights.look("b")
    assert [it.day for it in two_nights.night("b", 1).published_nights()] == [2]


def test_a_file_that_is_gone_here_is_fetched_again(two_nights: Machines) -> None:
    table = next(two_nights.root("a").glob("documents/*/*/*"))
    table.unlink()
    two_nights.look("a")
    assert table.is_file()


def test_a_night_has_a_copy_of_its_manifest_until_another_machine_deletes_it(
    two_nights: Machines,
) -> None:
    two_nights.look("b")
    night = two_nights.night("b", 1)
    assert manifest_copy(night)
    delete_first_night(two_nights, "a")
    assert two_nights.look("b") == [2]
    assert lost_nights(night) == [], "no repair brings it back"


def test_a_night_that_was_deleted_may_be_published_anew(two_nights: Machines) -> None:
    delete_first_night(two_nights, "b")
    assert two_nights.look("a") == [2]
    publish_tiny(two_nights.root("a"), 1, "anew")
    with two_nights.run("a", 3):
        pass
    assert two_nights.look("b") == [1, 2]
    assert text_of(two_nights.night("b", 1)) == "anew"


def test_embeddings_that_another_machine_has_deleted_do_not_come_back(
    two_nights: Machines,
) -> None:
    with two_nights.run("b", 3) as (night, held):
        gone = vector_files(night.root)[0]
        (night.root / gone).unlink()
        held.send(sweeps=True)
    two_nights.look("a")
    with two_nights.run("a", 3) as (night, _):
        assert not (night.root / gone).exists()
    assert gone not in two_nights.objects.contents


def test_a_manifest_in_the_place_of_another_is_damaged(
    two_nights: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    contents = two_nights.objects.contents
    first, second = sorted(filter(is_manifest, contents))
    contents[second] = contents[first]
    with caplog.at_level(logging.WARNING):
        assert two_nights.look("b") == [1]
    assert f"{second} is damaged" in caplog.text
