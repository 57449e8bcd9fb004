from collections.abc import Sequence

import numpy as np
import pytest

from tests.benchmarks.continuity import (
    Home,
    Window,
    birth_delays,
    homes,
    identity_continuity,
    leading_events,
    spurious_births,
    spurious_endings,
    steps,
    stories,
)


def window(*groups: tuple[str, str, int]) -> Window:
    """Lay out so many documents of an event in a cluster, group by group."""
    rows = [(event, cluster_id) for event, cluster_id, n in groups for _ in range(n)]
    events, cluster_ids = zip(*rows, strict=True)
    return Window(np.array(events), np.array(cluster_ids))


def causes(nights: Sequence[Window]) -> dict[str, str | None]:
    return {step.event: step.cause for step in steps(nights)}


def test_home_holds_most_of_the_event() -> None:
    found = homes(window(("flood", "a", 6), ("flood", "b", 4), ("fire", "a", 2), ("fire", "c", 1)))
    assert found == {"flood": Home("a", 0.6, 0.75, 10), "fire": Home("a", 2 / 3, 0.25, 3)}
    assert found["flood"].is_own
    assert not found["fire"].is_own


def test_of_two_that_hold_as_much_the_purer_is_home() -> None:
    mixed = window(("flood", "a", 5), ("fire", "a", 3), ("flood", "b", 5))
    assert homes(mixed)["flood"].cluster_id == "b"
    assert homes(window(("flood", "b", 5), ("flood", "a", 5)))["flood"].cluster_id == "a"


def test_leading_event_is_the_largest_of_a_cluster() -> None:
    found = leading_events(window(("flood", "a", 2), ("fire", "a", 3), ("flood", "b", 1)))
    assert found == {"a": "fire", "b": "flood"}


def test_a_home_that_keeps_its_id_is_no_change() -> None:
    nights = [window(("flood", "a", 9)), window(("flood", "a", 9), ("flood", "b", 8))]
    assert causes(nights) == {"flood": None}
    assert identity_continuity(steps(nights)) == 1


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        (
            [("flood", "a", 9)],
            [("flood", "a", 4), ("flood", "b", 5)],
            "split, the other piece is larger",
        ),
        ([("flood", "a", 9)], [("flood", "b", 9)], "the id ended, another took its place"),
        (
            [("flood", "a", 9)],
            [("flood", "b", 9), ("fire", "b", 20)],
            "lost its own cluster to a larger event",
        ),
        ([("flood", "a", 9), ("fire", "a", 20)], [("flood", "b", 9)], "got a cluster of its own"),
        (
            [("flood", "a", 9), ("fire", "a", 20)],
            [("flood", "b", 9), ("storm", "b", 20)],
            "moved, without one of its own",
        ),
    ],
)
def test_every_change_of_id_has_its_cause(
    before: list[tuple[str, str, int]], after: list[tuple[str, str, int]], cause: str
) -> None:
    assert causes([window(*before), window(*after)])["flood"] == cause


def test_continuity_is_the_share_of_steps_that_keep_the_id() -> None:
    nights = [
        window(("flood", "a", 60)),
        window(("flood", "a", 60), ("fire", "b", 10)),
        window(("flood", "a", 60), ("fire", "c", 70)),
        window(("flood", "d", 70), ("fire", "c", 70)),
    ]
    taken = steps(nights)
    assert len(taken) == 5  # an event that was not there the night before has no step
    assert identity_continuity(taken) == pytest.approx(3 / 5)
    assert identity_continuity(taken, min_documents=60) == pytest.approx(3 / 4)
    assert identity_continuity(taken, min_documents=71) is None


def test_a_story_tells_the_main_id_and_its_purity() -> None:
    nights = [
        window(("flood", "a", 8), ("fire", "a", 2)),
        window(("flood", "a", 8)),
        window(("flood", "b", 8)),
    ]
    told = stories(nights)
    assert told["flood"] == (3, 2, "a", pytest.approx(2 / 3), pytest.approx(0.9))
    assert told["flood"].is_mostly_one
    assert told["fire"] == (1, 1, "a", 1, pytest.approx(0.2))
    assert not told["fire"].is_mostly_one


def test_a_birth_is_spurious_where_the_event_has_a_living_cluster() -> None:
    before = window(("flood", "a", 9), ("fire", "b", 9))
    tonight = window(
        ("flood", "a", 9), ("flood", "c", 5), ("fire", "d", 9), ("storm", "e", 9)
    )  # the fire's cluster is gone, the storm is new
    assert spurious_births(before, tonight) == ["c"]


def test_a_birth_out_of_a_shared_cluster_is_not_spurious() -> None:
    before = window(("flood", "a", 9), ("fire", "a", 5))
    tonight = window(("flood", "a", 9), ("fire", "b", 5))
    assert spurious_births(before, tonight) == []


def test_an_ending_is_spurious_while_the_event_goes_on() -> None:
    before = window(("flood", "a", 9), ("flood", "b", 3), ("fire", "c", 9))
    assert spurious_endings(before, window(("flood", "a", 12))) == ["b"]


def test_delay_counts_from_the_first_documents_to_a_home_of_its_own() -> None:
    nights = [
        window(("flood", "a", 9), ("fire", "a", 3), ("storm", "a", 2)),
        window(("flood", "a", 10), ("fire", "a", 6), ("storm", "a", 2)),
        window(("flood", "a", 10), ("fire", "b", 6), ("storm", "a", 2)),
        window(("flood", "a", 10), ("fire", "a", 6), ("storm", "a", 8)),
    ]
    assert birth_delays(nights, 5) == {"flood": 0, "fire": 1, "storm": None}
