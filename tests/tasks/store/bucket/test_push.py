"""What a push sends and deletes, in which order, and what it leaves alone."""

from datetime import date

import pytest

from tasks.store.bucket.layout import is_manifest
from tasks.store.bucket.lease import LEASE
from tasks.store.bucket.push import _in_order
from tasks.store.files import write_atomically
from tasks.store.manifests import ManifestError
from tests.tasks.store.bucket.memory import Machines, publish_tiny, text_of

FIRST = "feed=reviews/night=2026-03-01"
MANIFEST, SUMMARY = f"runs/{FIRST}/manifest.json", f"reports/{FIRST}/summary.md"


def test_everything_is_sent_after_what_it_needs() -> None:
    lists = ["runs/feed=reviews/pruned.json", "state/retired.json"]
    manifests = [MANIFEST, MANIFEST.replace("03-01", "03-02")]
    page = SUMMARY.replace("summary.md", "index.html")
    names = {page, SUMMARY, "curation.toml", *manifests, *lists}
    expected = [[SUMMARY, *lists], manifests, ["curation.toml", page]]
    assert _in_order(names, {SUMMARY}) == expected


def test_a_deletion_begins_with_the_lease_and_the_manifest(two_nights: Machines) -> None:
    writes = two_nights.objects.writes
    with two_nights.run("a", 3) as (night, held):
        for name in (MANIFEST, SUMMARY):
            (night.root / name).unlink()
        writes.clear()
        held.send()
        assert writes == [LEASE, MANIFEST, SUMMARY]


def test_a_sweep_deletes_what_nothing_names_and_a_run_does_not(two_nights: Machines) -> None:
    objects = two_nights.objects
    orphan = f"documents/{FIRST}/part-0123456789abcdef.parquet"
    objects.contents[orphan] = b""
    before = set(objects.contents)
    with two_nights.run("a", 3) as (_, held):
        held.send()
        assert orphan in objects.contents
        objects.writes.clear()
        held.send(sweeps=True)
        assert objects.writes == [LEASE, orphan]
    assert set(objects.contents) == before - {orphan}


def test_a_manifest_that_is_damaged_here_is_not_sent_and_nothing_is_deleted(
    two_nights: Machines,
) -> None:
    objects = two_nights.objects
    with two_nights.run("a", 3) as (night, held):
        (night.root / MANIFEST).write_bytes(b"{")
        publish_tiny(night.root, 3)
        before = {name: it for name, it in objects.contents.items() if name != LEASE}
        with pytest.raises(ManifestError):
            held.send(sweeps=True)
        assert before.items() <= objects.contents.items()
    assert len(list(filter(is_manifest, objects.contents))) == 3


def test_a_push_knows_what_the_one_before_has_done(two_nights: Machines) -> None:
    objects = two_nights.objects
    with two_nights.run("a", 3) as (night, held):
        publish_tiny(night.root, 3)
        held.send()
        objects.writes.clear()
        held.send()
        assert objects.writes == []
        night.manifest_path().unlink()
        held.send()
        assert len(list(filter(is_manifest, objects.contents))) == 2
        publish_tiny(night.root, 3, "again")
        held.send()
    assert two_nights.look("b") == [1, 2, 3]
    assert text_of(two_nights.night("b", 3)) == "again"


def test_a_report_takes_the_place_of_whatever_is_there(two_nights: Machines) -> None:
    objects = two_nights.objects
    name = SUMMARY.replace("summary.md", "index.html")
    with two_nights.run("a", 3) as (night, held):
        write_atomically(night.on(date(2026, 3, 1)).partition("reports") / "index.html", b"new")
        objects.contents[name] = b"of another machine"
        held.send()
    assert objects.contents[name] == b"new"
