from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.identity.clusters import KnownCluster, TonightCluster
from models.identity.events import ClusterEvent, cluster_events, kept_names, remember
from models.identity.match import assign_ids, match_clusters
from models.identity.rules import DEFAULT_RULES, MatchRules

# A busy machine must not fail a property.
STEADY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
N_DOCUMENTS = 40
LABELS = st.lists(st.integers(-1, 5), min_size=N_DOCUMENTS, max_size=N_DOCUMENTS)
EAST, NORTH = (1.0, 0.0), (0.0, 1.0)
WENT_ON = {"survived", "returned"}


@dataclass
class Night:
    """One night, all the way from clusters to what is remembered of them."""

    ids: dict[int, str]
    events: list[ClusterEvent]
    known: list[KnownCluster]

    def told(self, event: str) -> list[ClusterEvent]:
        return [entry for entry in self.events if entry.event == event]


def documents(*parts: Sequence[int]) -> frozenset[str]:
    return frozenset(f"doc-{number:03d}" for part in parts for number in part)


def axis(i: int, n: int = 6) -> tuple[float, ...]:
    return tuple(np.eye(n)[i].tolist())


def cluster(
    label: int, members: frozenset[str], centroid: Sequence[float] = EAST
) -> TonightCluster:
    return TonightCluster(label, np.array(centroid, dtype=np.float32), members, len(members))


def run(
    tonight: Sequence[TonightCluster],
    known: Sequence[KnownCluster] = (),
    night: str = "n1",
    rules: MatchRules = DEFAULT_RULES,
) -> Night:
    matches = match_clusters(tonight, known, rules)
    ids = assign_ids(tonight, matches, night, {old.cluster_id for old in known})
    kept = kept_names(tonight, known, ids, rules)
    names = {c.label: kept.get(c.label, f"{ids[c.label]} as of {night}") for c in tonight}
    events = cluster_events(tonight, known, matches, ids, names, rules)
    return Night(ids, events, remember(tonight, known, ids, names, night))


def night_of(labels: Sequence[int]) -> list[TonightCluster]:
    """Clusters far apart in space, so that members decide."""
    return [
        cluster(c, documents([i for i, own in enumerate(labels) if own == c]), axis(c))
        for c in sorted(set(labels) - {-1})
    ]


@given(before=LABELS, after=LABELS)
@STEADY
def test_every_cluster_has_one_beginning_and_every_old_one_has_one_fate(
    before: list[int], after: list[int]
) -> None:
    first = run(night_of(before))
    second = run(night_of(after), first.known, "n2")
    beginnings = Counter(e.cluster_id for e in second.events if e.event in WENT_ON | {"born"})
    assert beginnings == Counter(second.ids.values())
    fates = Counter(e.cluster_id for e in second.events if e.event in {"survived", "vanished"})
    for event in second.told("merged"):
        fates.update(set(event.from_ids) - {event.cluster_id})
    assert fates == Counter(first.ids.values())


@given(before=LABELS, after=LABELS, names=st.permutations(range(6)))
@STEADY
def test_labels_and_order_of_the_clusters_change_no_event(
    before: list[int], after: list[int], names: list[int]
) -> None:
    known = run(night_of(before)).known
    tonight = night_of(after)
    renamed = [replace(c, label=names[c.label]) for c in reversed(tonight)]
    assert run(tonight, known, "n2").events == run(renamed, known[::-1], "n2").events


@given(labels=LABELS)
@STEADY
def test_the_same_clusters_all_survive(labels: list[int]) -> None:
    first = run(night_of(labels))
    second = run(night_of(labels), first.known, "n2")
    assert second.ids == first.ids
    assert {event.event for event in second.events} <= {"survived"}


@given(before=LABELS, after=LABELS)
@STEADY
def test_events_speak_of_clusters_that_exist(before: list[int], after: list[int]) -> None:
    first = run(night_of(before))
    second = run(night_of(after), first.known, "n2")
    for event in second.events:
        if event.event not in {"born", "returned"}:
            assert event.from_ids
        assert set(event.from_ids) <= set(first.ids.values()) or event.event == "returned"
        assert set(event.to_ids) <= set(second.ids.values())
        assert event.overlap is None or 0 <= event.overlap <= 1 + 1e-9


def test_the_first_night_is_all_births() -> None:
    night = run([cluster(0, documents(range(9))), cluster(1, documents(range(9, 29)))])
    assert night.events == [
        ClusterEvent("born", "c-n1-001", (), ("c-n1-001",), None),
        ClusterEvent("born", "c-n1-002", (), ("c-n1-002",), None),
    ]
    assert night.ids == {1: "c-n1-001", 0: "c-n1-002"}


def test_a_split_names_its_pieces() -> None:
    known = run([cluster(0, documents(range(100)))]).known
    night = run(
        [cluster(0, documents(range(60)), EAST), cluster(1, documents(range(60, 100)), NORTH)],
        known,
        "n2",
    )
    old, new = "c-n1-001", "c-n2-001"
    assert night.ids == {0: old, 1: new}
    assert night.told("split") == [ClusterEvent("split", old, (old,), (old, new), 1.0)]
    assert night.told("born") == [ClusterEvent("born", new, (old,), (new,), 1.0)]
    assert [event.event for event in night.events if event.cluster_id == old] == [
        "shrunk",
        "split",
        "survived",
    ]


def test_equal_pieces_and_parents_are_told_in_one_order() -> None:
    whole = [cluster(0, documents(range(100)))]
    halves = [
        cluster(0, documents(range(50)), EAST),
        cluster(1, documents(range(50, 100)), NORTH),
    ]
    split = run(halves, run(whole).known, "n2")
    assert split.told("split")[0].to_ids == ("c-n1-001", "c-n2-001")
    assert run(halves[::-1], run(whole).known, "n2").events == split.events
    known = run(halves).known
    merged = run(whole, known, "n2")
    assert merged.told("merged")[0].from_ids == ("c-n1-001", "c-n1-002")
    assert run(whole, known[::-1], "n2").events == merged.events


def test_pieces_that_hold_too_little_are_no_split() -> None:
    known = run([cluster(0, documents(range(100)))]).known
    pieces = [
        cluster(0, documents(range(35)), EAST),
        cluster(1, documents(range(35, 65)), NORTH),
    ]
    assert run(pieces, known, "n2").told("split") == []
    assert len(run(pieces, known, "n2", MatchRules(min_split_total=0.65)).told("split")) == 1


def test_a_merger_names_its_parents() -> None:
    known = run(
        [cluster(0, documents(range(60)), EAST), cluster(1, documents(range(60, 100)), NORTH)]
    ).known
    night = run([cluster(5, documents(range(100)))], known, "n2")
    kept, gone = "c-n1-001", "c-n1-002"
    assert night.ids == {5: kept}
    assert night.told("merged") == [ClusterEvent("merged", kept, (kept, gone), (kept,), 1.0)]
    assert night.told("vanished") == []
    assert night.told("survived")[0].overlap == pytest.approx(0.6)


def test_a_cluster_whose_documents_are_nowhere_has_vanished() -> None:
    known = run([cluster(0, documents(range(20))), cluster(1, documents(range(20, 50)))]).known
    night = run([cluster(0, documents(range(20)))], known, "n2")
    assert night.told("vanished") == [ClusterEvent("vanished", "c-n1-001", ("c-n1-001",), (), None)]


def test_a_cluster_vanishes_once() -> None:
    nights = [run([cluster(0, documents(range(20)), EAST)])]
    for name in ("n2", "n3"):
        nights.append(run([cluster(0, documents(range(50, 70)), NORTH)], nights[-1].known, name))
    assert [len(night.told("vanished")) for night in nights] == [0, 1, 0]


def test_a_cluster_that_falls_to_pieces_has_vanished_and_says_where_to() -> None:
    known = run(
        [
            cluster(0, documents(range(20)), axis(0)),
            cluster(1, documents(range(20, 120)), axis(1)),
            cluster(2, documents(range(120, 220)), axis(2)),
        ]
    ).known
    night = run(
        [
            cluster(1, documents(range(20, 120), range(8)), axis(1)),
            cluster(2, documents(range(120, 220), range(8, 15)), axis(2)),
        ],
        known,
        "n2",
    )
    (event,) = night.told("vanished")
    assert event == ClusterEvent(
        "vanished", "c-n1-003", ("c-n1-003",), (night.ids[1], night.ids[2]), 0.75
    )
    assert [split.cluster_id for split in night.told("split")] == ["c-n1-003"]


def test_a_cluster_that_vanished_returns_with_its_id_and_its_past() -> None:
    nights = [run([cluster(0, documents(range(30)), EAST)])]
    for name in ("n2", "n3"):
        nights.append(run([cluster(0, documents(range(50, 70)), NORTH)], nights[-1].known, name))
    last = run([cluster(0, documents(range(25)), EAST)], nights[-1].known, "n4")
    assert [event.event for event in nights[1].events] == ["vanished", "born"]
    assert last.ids == {0: "c-n1-001"}
    assert [e.event for e in last.events if e.cluster_id == "c-n1-001"] == ["returned"]
    (back,) = [old for old in last.known if old.nights_absent == 0]
    assert (back.first_seen, back.last_seen, back.name) == ("n1", "n4", "c-n1-001 as of n1")


def test_a_cluster_that_was_away_too_long_is_forgotten() -> None:
    first = run([cluster(0, documents(range(30)))])
    known = first.known
    for night in range(3):
        known = remember([], known, {}, {}, f"n{night}", max_nights_absent=2)
        assert [old.nights_absent for old in known] == ([night + 1] if night < 2 else [])


@pytest.mark.parametrize(
    ("size", "event"), [(124, None), (125, "grown"), (76, None), (75, "shrunk")]
)
def test_growth_and_shrinking_start_at_a_quarter(size: int, event: str | None) -> None:
    known = run([cluster(0, documents(range(100)))]).known
    night = run([replace(cluster(0, documents(range(75))), size=size)], known, "n2")
    assert [e.event for e in night.events if e.event != "survived"] == [event] * (event is not None)


def test_a_name_is_kept_until_the_cluster_has_drifted_from_its_founding() -> None:
    members = documents(range(20))
    night = run([cluster(0, members, EAST)])
    renamed_on = []
    for number, degrees in enumerate((10, 20, 30, 40, 50, 60, 70, 80), start=2):
        turned = (np.cos(np.radians(degrees)), np.sin(np.radians(degrees)))
        night = run([cluster(0, members, turned)], night.known, f"n{number}")
        assert night.ids == {0: "c-n1-001"}
        if night.told("renamed"):
            renamed_on.append(degrees)
    # cos 50° < 0.75 <= cos 40°; the new name is founded there, so 80° is 30° away.
    assert renamed_on == [50]
    assert night.known[0].name == "c-n1-001 as of n6"


def test_names_of_clusters_from_another_encoder_are_kept() -> None:
    (old,) = run([cluster(0, documents(range(20)), EAST)]).known
    unknown = replace(old, centroid=None, founding_centroid=None)
    night = run([cluster(0, documents(range(20)), NORTH)], [unknown], "n2")
    assert night.told("renamed") == []
    assert night.known[0].name == old.name
    np.testing.assert_array_equal(night.known[0].founding_centroid, NORTH)


def test_only_clusters_that_go_on_keep_a_name() -> None:
    known = run([cluster(0, documents(range(20)), EAST)]).known
    tonight = [
        cluster(3, documents(range(20)), EAST),
        cluster(4, documents(range(30, 60)), NORTH),
    ]
    ids: Mapping[int, str] = {3: "c-n1-001", 4: "c-n2-001"}
    assert kept_names(tonight, known, ids) == {3: "c-n1-001 as of n1"}


def test_what_is_remembered_is_tonight() -> None:
    first = run([cluster(0, documents(range(20)), EAST)])
    night = run([cluster(7, documents(range(15)), (1, 0.1))], first.known, "n2")
    (known,) = night.known
    assert (known.cluster_id, known.size, known.last_seen) == ("c-n1-001", 15, "n2")
    assert known.member_ids == documents(range(15))
    np.testing.assert_allclose(known.centroid, (1, 0.1), rtol=1e-6)
    np.testing.assert_array_equal(known.founding_centroid, EAST)


def test_where_a_cluster_was_parted_from_is_remembered() -> None:
    whole = run([cluster(0, documents(range(20)), EAST)]).known
    both = [
        cluster(0, documents(range(20)), EAST),
        cluster(1, documents(range(20, 40)), NORTH),
    ]
    ids, names = {0: "c-n1-001", 1: "c-n2-001"}, {0: "old", 1: "new"}
    parted = remember(both, whole, ids, names, "n2", parted_from={1: "c-n1-001"})
    assert [it.parted_from for it in parted] == [None, "c-n1-001"]
    later = remember(both, parted, ids, names, "n3")
    assert [it.parted_from for it in later] == [None, "c-n1-001"]
    gone = remember([], later, {}, {}, "n4")
    assert [it.parted_from for it in gone] == [None, "c-n1-001"]
