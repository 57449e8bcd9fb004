"""A store on a bucket as machines see it: nights whole or not at all, whoever dies when."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.operating.doctor.bucket import examine_everywhere
from tasks.operating.prune import prune
from tasks.store.aside.copies import lost_nights
from tasks.store.bucket.claim import claimed, require_free, run_lock, send_curation
from tasks.store.bucket.conditions import PROBE
from tasks.store.bucket.layout import is_manifest, is_of_store
from tasks.store.bucket.lease import LEASE, LEASE_SECONDS, LeaseLostError, holding_in
from tasks.store.bucket.objects import BucketError, Listed
from tasks.store.bucket.push import BucketConflictError
from tasks.store.lock import StoreBusyError
from tests.tasks.store.bucket.memory import (
    Killed,
    Machines,
    Memory,
    publish_tiny,
    text_of,
)

Publish = Callable[..., None]


def nights_in(objects: Memory) -> list[str]:
    return sorted(it.split("/")[2] for it in objects.contents if is_manifest(it))


@pytest.fixture
def four_nights(two_nights: Machines) -> Machines:
    with two_nights.run("a", 4) as (night, held):
        for day in (3, 4):
            publish_tiny(night.root, day)
        held.send()
    return two_nights


@pytest.fixture
def whole_nights(machines: Machines, publish_on: Publish) -> Machines:
    """With every table, for what reads them."""
    with machines.run("a", 3) as (night, held):
        for day in (1, 2, 3):
            publish_on(night.root, day)
        held.send()
    return machines


def test_another_machine_reads_what_was_published_and_fetches_nothing_twice(
    two_nights: Machines,
) -> None:
    assert two_nights.look("b") == [1, 2]
    assert text_of(two_nights.night("b", 2)) == "of day 2"
    fetched = len(two_nights.objects.fetched)
    assert two_nights.look("b") == [1, 2]
    assert len(two_nights.objects.fetched) == fetched
    assert not list(two_nights.root("b").glob("embeddings/*/*"))
    with two_nights.run("b", 3):
        assert list(two_nights.root("b").glob("embeddings/*/*"))


def test_a_night_is_sent_once_and_its_manifest_after_all_that_it_names(
    two_nights: Machines,
) -> None:
    writes = list(filter(is_of_store, two_nights.objects.writes))
    assert len(writes) == len(set(writes))
    assert is_manifest([it for it in writes if "night=2026-03-02" in it][-1])


def test_two_machines_at_once_are_one(machines: Machines) -> None:
    with machines.run("a", 1) as (night, held):
        publish_tiny(night.root, 1)
        for refused in (
            lambda: run_lock(machines.night("b", 1)).__enter__(),
            lambda: require_free(machines.night("b", 1)),
        ):
            with pytest.raises(StoreBusyError, match=r"s3://shop/nights: process \d+ on .*night"):
                refused()
        held.send()
    require_free(machines.night("b", 1))
    assert len(machines.night("b", 1).published_nights()) == 1, "it has looked"


def test_a_server_is_tried_once_by_each_machine_and_again_where_it_has_failed(
    machines: Machines,
) -> None:
    objects = machines.objects
    objects.honours = False
    for _ in range(2):
        with pytest.raises(BucketError, match="cannot hold a store"), machines.run("a", 1):
            pass
    objects.honours = True
    objects.writes.clear()
    for _ in range(2):
        with machines.run("a", 1):
            pass
    assert len([it for it in objects.writes if it.startswith(PROBE)]) == PROBED


def test_a_run_looks_at_the_bucket_when_it_has_the_lease(
    two_nights: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects, holders = two_nights.objects, []
    listed = objects.listed

    def noted() -> dict[str, Listed]:
        told = holding_in(objects.contents[LEASE])
        holders.append(told is not None and not told.is_released)
        return listed()

    monkeypatch.setattr(objects, "listed", noted)
    with two_nights.run("b", 3):
        pass
    assert holders == [True]


def test_a_kill_at_any_write_shows_a_night_whole_or_not_at_all(two_nights: Machines) -> None:
    objects = two_nights.objects
    start, deaths = dict(objects.contents), PROBED
    while True:
        objects.contents, objects.dies_after = dict(start), deaths
        if _runs_to_the_end(two_nights, f"dies-{deaths}"):
            break
        objects.dies_after = -1
        two_nights.look(f"sees-{deaths}")
        seen = text_of(two_nights.night(f"sees-{deaths}", 2))
        assert seen in {"of day 2", "another"}
        made = text_of(two_nights.night(f"dies-{deaths}", 2)) if deaths > PROBED else seen
        with two_nights.run(f"dies-{deaths}", 3):
            pass  # what the killed run did not send is sent when the next begins
        two_nights.look(f"sees-{deaths}")
        assert text_of(two_nights.night(f"sees-{deaths}", 2)) == made
        deaths += 1
    assert deaths > PROBED + 4


PROBED = 3
"""Writes before the lease is taken, on a machine that has not tried the server yet."""


def _runs_to_the_end(machines: Machines, name: str) -> bool:
    """Run a published night again, with another content, until the machine dies."""
    try:
        with machines.run(name, 2) as (night, held):
            publish_tiny(night.root, 2, "another")
            held.send()
    except Killed:
        return False
    return True


def test_who_has_lost_the_lease_publishes_nothing_and_loses_nothing(
    two_nights: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    objects = two_nights.objects
    with two_nights.run("a", 3) as (night, held):
        publish_tiny(night.root, 3, "slow")
        objects.ages[LEASE] = LEASE_SECONDS
        with two_nights.run("b", 3) as (other, taken):
            publish_tiny(other.root, 3, "fast")
            with pytest.raises(LeaseLostError):
                held.send()
            taken.send()
        two_nights.look("a")
        assert text_of(night) == "slow", "what a run works on is left alone"
    assert text_of(two_nights.night("b", 3)) == "fast"
    with caplog.at_level(logging.WARNING), two_nights.run("a", 4):
        assert text_of(two_nights.night("a", 3)) == "fast"
    assert "what was here is in trash/" in caplog.text
    trash = two_nights.root("a") / "trash"
    assert list(trash.glob("runs/*/night=2026-03-03/manifest.json"))
    assert list(trash.glob("documents/*/night=2026-03-03/*"))


def test_a_manifest_that_another_has_written_is_never_replaced(two_nights: Machines) -> None:
    objects = two_nights.objects
    with two_nights.run("a", 3) as (night, held):
        publish_tiny(night.root, 3, "late")
        name = night.manifest_path().relative_to(night.root).as_posix()
        objects.contents[name] = b"of another"
        with pytest.raises(BucketConflictError, match=f"{name} was changed by another run"):
            held.send()
    assert objects.contents[name] == b"of another"


def test_a_night_on_a_history_that_has_changed_is_put_aside(two_nights: Machines) -> None:
    publish_tiny(two_nights.root("a"), 4)
    with two_nights.run("b", 3) as (night, held):
        publish_tiny(night.root, 3)
        held.send()
    assert two_nights.look("a") == [1, 2, 3]
    assert lost_nights(two_nights.night("a", 4)) == []
    assert nights_in(two_nights.objects)[-1] == "night=2026-03-03"


def test_a_prune_deletes_in_the_bucket_what_it_deletes_here_and_nothing_else(
    whole_nights: Machines,
) -> None:
    machines = whole_nights
    objects = machines.objects
    objects.contents |= {"notes.txt": b"", "clusters/mine.csv": b"", "../other/x": b""}
    before = set(objects.contents)
    assert machines.look("b") == [1, 2, 3]
    with claimed(machines.root("a"), "prune") as held:
        prune(machines.root("a"), keep=2)
        held.send(sweeps=True)
    gone = before - set(objects.contents)
    assert gone == {"runs/feed=reviews/night=2026-03-01/manifest.json"}
    assert machines.look("b") == [2, 3]
    with claimed(machines.root("b"), "prune") as held:
        prune(machines.root("b"), keep=2)
        held.send(sweeps=True)
    left = set(objects.contents)
    assert {it for it in before - left if not is_of_store(it)} == set()
    assert {it.split("/")[0] for it in left if "night=2026-03-01" in it} == {"known"}
    assert machines.look("a") == [2, 3]
    assert not list(machines.root("a").glob("clusters/*/night=2026-03-01"))


def test_damage_in_the_bucket_is_named_and_repaired_by_who_has_the_file(
    four_nights: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    machines = four_nights
    objects = machines.objects
    table = next(it for it in objects.contents if it.startswith("documents/"))
    manifest = "runs/feed=reviews/night=2026-03-02/manifest.json"
    objects.contents[table] = b"PAR1"
    objects.contents[manifest] = objects.contents[manifest][:-9]
    with caplog.at_level(logging.WARNING):
        assert machines.look("b") == [1, 3, 4]
    for name in (table, manifest):
        assert f"s3://shop/nights/{name} is damaged" in caplog.text
    root = machines.root("b")
    with claimed(root, "doctor", changes=False) as held:
        assert examine_everywhere(held, repairs=False)[1]
        with pytest.raises(BucketError, match="nothing was deleted"):
            held.send(sweeps=True)
    root = machines.root("a")
    with claimed(root, "doctor", changes=False) as held:
        repaired, left = examine_everywhere(held, repairs=True)
    assert {it.file for it in repaired if it.rule == "bucket"} == {table, manifest}
    assert not [it for it in left if it.rule == "bucket"]
    assert machines.look("b") == [1, 2, 3, 4]


def test_damage_here_is_fetched_again(two_nights: Machines) -> None:
    root = two_nights.root("a")
    table = next(root.glob("documents/*/*/*.parquet"))
    whole = table.read_bytes()
    table.write_bytes(whole[:-1])
    manifest = two_nights.night("a", 2).manifest_path()
    manifest.write_bytes(manifest.read_bytes()[:-3])
    with claimed(root, "doctor", changes=False) as held:
        assert two_nights.night("a", 2).read_manifest(), "no run needs its copy"
        repaired, _ = examine_everywhere(held, repairs=True)
    assert table.relative_to(root).as_posix() in {it.file for it in repaired}
    assert table.read_bytes() == whole
    assert two_nights.night("a", 2).read_manifest().night == "2026-03-02"


def test_what_is_not_sent_yet_is_told_and_sent_by_a_repair(two_nights: Machines) -> None:
    root = two_nights.root("a")
    publish_tiny(root, 3)
    with claimed(root, "doctor", changes=False) as held:
        told = [it.line() for it in examine_everywhere(held, repairs=False)[1]]
        assert (
            "runs/feed=reviews/night=2026-03-03/manifest.json: bucket: its object is not there; --repair sends it"
            in told
        )
        examine_everywhere(held, repairs=True)
    assert two_nights.look("b") == [1, 2, 3]


def test_a_damaged_file_is_not_sent(two_nights: Machines) -> None:
    with two_nights.run("a", 3) as (night, held):
        publish_tiny(night.root, 3)
        next(night.root.glob("documents/*/night=2026-03-03/*")).write_bytes(b"PAR1")
        with pytest.raises(ValueError, match=r"was not sent to s3://shop/nights; run `nightfold"):
            held.send()
    assert nights_in(two_nights.objects)[-1] == "night=2026-03-02"


def test_rules_of_curation_are_those_of_all_machines(two_nights: Machines) -> None:
    def decide(name: str, text: str) -> Path:
        path = two_nights.root(name) / "curation.toml"
        path.write_text(text)
        return path

    decide("a", "# first\n")
    send_curation(two_nights.root("a"))
    two_nights.look("b")
    decide("b", "# second\n")
    send_curation(two_nights.root("b"))
    path = decide("a", "# meanwhile\n")
    with pytest.raises(BucketConflictError, match=r"curation.toml was changed by another"):
        send_curation(two_nights.root("a"))
    two_nights.look("a")
    assert path.read_text() == "# second\n"
    assert (two_nights.root("a") / "trash" / "curation.toml").read_text() == "# meanwhile\n"


def test_a_record_that_is_lost_costs_nothing(two_nights: Machines) -> None:
    root = two_nights.root("a")
    before = dict(two_nights.objects.contents)
    (root / "state" / "bucket" / "record.json").write_text("{")
    assert two_nights.look("a") == [1, 2]
    assert not (root / "trash").exists()
    with two_nights.run("a", 3):
        pass
    before[LEASE] = two_nights.objects.contents[LEASE]
    assert two_nights.objects.contents == before
