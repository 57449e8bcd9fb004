from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tasks.store.aside.copies import (
    copy_path,
    forget_copies,
    lost_nights,
    manifest_copy,
    report_copy,
)
from tasks.store.history import read_history
from tasks.store.manifests import ManifestError
from tasks.store.storage import Ref, Store

PublishNight = Callable[..., dict[str, Any]]


def test_the_copy_of_a_manifest_counts_only_while_it_is_whole(
    store: Store, publish_night: PublishNight
) -> None:
    publish_night(2, ["a", "b"])
    copy = copy_path(store, store.manifest_path())
    assert manifest_copy(store) == copy.relative_to(store.root).as_posix()
    good = copy.read_bytes()
    for content in (good[:-1], good.replace(b"reviews", b"revivws", 1), b""):
        copy.write_bytes(content)
        assert manifest_copy(store) is None


def test_the_copy_of_another_night_is_none(store: Store, publish_night: PublishNight) -> None:
    for day in (1, 2):
        publish_night(day, [f"{day}a", f"{day}b"])
    first = store.manifest_path(date(2026, 3, 1))
    copy_path(store, store.manifest_path()).write_bytes(first.read_bytes())
    assert manifest_copy(store) is None
    store.manifest_path().write_bytes(first.read_bytes())
    with pytest.raises(
        ManifestError, match="is the manifest of feed reviews, night 2026-03-01; run"
    ):
        store.read_manifest()


def test_the_copy_of_a_report_counts_only_while_it_is_whole(
    store: Store, publish_night: PublishNight
) -> None:
    ref = Ref.model_validate(publish_night(2, ["a", "b"])["reports"]["summary.md"])
    copy = copy_path(store, store.resolve(ref))
    assert report_copy(store, ref) == copy.relative_to(store.root).as_posix()
    copy.write_bytes(b"")
    assert report_copy(store, ref) is None


def test_a_run_does_not_build_on_a_feed_that_lost_a_manifest(
    store: Store, publish_night: PublishNight
) -> None:
    for day in (1, 2):
        publish_night(day, [f"{day}a", f"{day}b"])
    store.manifest_path().unlink()
    assert lost_nights(store) == [date(2026, 3, 2)]
    tomorrow = store.model_copy(update={"night": date(2026, 3, 3)})
    with pytest.raises(ManifestError, match="is gone, and its night was published; run `nightfold"):
        read_history(tomorrow)
    assert len(read_history(store).nights) == 1
    forget_copies(store)
    assert lost_nights(store) == []
    assert len(read_history(tomorrow).nights) == 1
