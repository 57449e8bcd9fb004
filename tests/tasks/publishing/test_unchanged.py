"""Whether a published night is whole: what is lost of it makes it run again."""

import shutil
from collections.abc import Callable

import pytest

from tasks.publishing.night import Night
from tasks.publishing.publish import publish_night
from tasks.publishing.unchanged import is_kept, keep_night
from tasks.store.embeddings import shelves_of
from tasks.store.records import records_folder
from tasks.store.storage import Store

MakeNight = Callable[..., tuple[Store, Night]]
KEY = "0" * 64


@pytest.mark.parametrize("of", ["texts", "passages"])
def test_a_night_that_has_lost_vectors_is_not_whole(make_night: MakeNight, of: str) -> None:
    store, night = make_night(2, ["a"], passages=["a 1", "a 2"])
    publish_night(store, night, [])
    records_folder(store).mkdir(parents=True)
    keep_night(store, KEY, night.around)
    assert is_kept(store, KEY)
    texts, passages = shelves_of(store.root, "E", "0123456789abcdef")
    shutil.rmtree((texts if of == "texts" else passages).folder)
    assert not is_kept(store, KEY)
