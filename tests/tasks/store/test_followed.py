from collections.abc import Callable
from typing import Any

import pytest

from tasks.store.followed import followed_problem, record_path, write_followed
from tasks.store.sealed import write_sealed
from tasks.store.storage import Store

PublishNight = Callable[..., dict[str, Any]]


@pytest.fixture
def followed(store: Store, publish_night: PublishNight) -> Store:
    publish_night(2, ["a"])
    write_followed(store, {"index.html": b"page", "report.json": b"{}"})
    return store


def test_what_was_written_is_sound(followed: Store) -> None:
    assert followed_problem(followed) is None


def test_a_night_without_a_record_has_a_problem(store: Store, publish_night: PublishNight) -> None:
    publish_night(2, ["a"])
    assert followed_problem(store) == "it is not there"


def test_a_changed_file_is_named(followed: Store) -> None:
    (followed.partition("reports") / "index.html").write_bytes(b"other")
    assert followed_problem(followed) == "index.html is gone or changed"


def test_a_night_that_was_run_again_has_the_report_of_before(followed: Store) -> None:
    manifest = followed.read_manifest().model_dump(mode="json")
    write_sealed(followed.manifest_path(), manifest | {"format_version": 3, "n_clusters": 9})
    assert followed_problem(followed) == "it was made of the night as it was before"


def test_a_damaged_record_is_told(followed: Store) -> None:
    record_path(followed).write_bytes(b"{")
    assert str(followed_problem(followed)).startswith("it cannot be used: ")
