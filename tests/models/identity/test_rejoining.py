from collections.abc import Iterable, Sequence
from itertools import permutations

import numpy as np

from models.identity.clusters import KnownCluster, TonightCluster
from models.identity.rejoining import rejoin
from models.identity.rules import MatchRules

EAST, NEAR_EAST, NORTH = (1.0, 0.0), (0.8, 0.6), (0.0, 1.0)


def documents(numbers: Iterable[int]) -> frozenset[str]:
    return frozenset(f"doc-{number:03}" for number in numbers)


def piece(
    label: int, numbers: Iterable[int], centroid: Sequence[float] = EAST, n_new: int = 0
) -> TonightCluster:
    members = documents(numbers)
    return TonightCluster(label, np.array(centroid), members, len(members) + n_new)


def whole(cluster_id: str, numbers: Iterable[int], absent: int = 0) -> KnownCluster:
    members, vector = documents(numbers), np.array(EAST)
    return KnownCluster(
        cluster_id, vector, vector, members, cluster_id, "n1", "n1", len(members), absent
    )


def test_pieces_of_a_known_cluster_join_the_largest() -> None:
    tonight = [piece(0, range(30)), piece(1, range(30, 80)), piece(2, range(80, 100), NEAR_EAST)]
    assert rejoin(tonight, [whole("a", range(100))]) == {0: 1, 1: 1, 2: 1}


def test_a_piece_that_lies_far_away_goes_its_own_way() -> None:
    tonight = [piece(0, range(60)), piece(1, range(60, 100), NORTH)]
    assert rejoin(tonight, [whole("a", range(100))]) == {0: 0, 1: 1}
    loose = MatchRules(min_piece_cosine=1e-9)
    slanted = [piece(0, range(60)), piece(1, range(60, 100), (0.1, 1.0))]
    assert rejoin(slanted, [whole("a", range(100))], loose) == {0: 0, 1: 0}


def test_a_cluster_of_new_documents_is_no_piece() -> None:
    known = [whole("a", range(100))]
    assert rejoin([piece(0, range(90)), piece(1, range(90, 100), n_new=24)], known) == {0: 0, 1: 1}
    assert rejoin([piece(0, range(90)), piece(1, range(90, 100), n_new=23)], known) == {0: 0, 1: 0}


def test_a_trace_of_members_makes_no_piece() -> None:
    known = [whole("a", range(100))]
    assert rejoin([piece(0, range(96)), piece(1, range(96, 100))], known) == {0: 0, 1: 1}
    assert rejoin([piece(0, range(95)), piece(1, range(95, 100))], known) == {0: 0, 1: 0}


def test_a_cluster_of_several_origins_is_no_piece() -> None:
    known = [whole("a", range(100)), whole("b", range(100, 200)), whole("c", range(200, 300))]
    tonight = [
        piece(0, range(80)),
        piece(1, range(100, 180)),
        piece(2, range(200, 280)),
        piece(3, [*range(80, 100), *range(180, 200), *range(280, 300)]),
    ]
    assert rejoin(tonight, known)[3] == 3


def test_what_was_apart_last_night_is_not_joined() -> None:
    known = [whole("a", range(60)), whole("b", range(60, 100))]
    assert rejoin([piece(0, range(60)), piece(1, range(60, 100))], known) == {0: 0, 1: 1}


def test_a_piece_does_not_follow_into_a_cluster_of_another_origin() -> None:
    known = [whole("a", range(50)), whole("b", range(50, 150))]
    absorbing = piece(0, [*range(30), *range(50, 150)])  # holds most of a, and is b
    assert rejoin([absorbing, piece(1, range(30, 50))], known) == {0: 0, 1: 1}


def test_only_last_night_has_a_say() -> None:
    tonight = [piece(0, range(60)), piece(1, range(60, 100))]
    assert rejoin(tonight, [whole("a", range(100), absent=1)]) == {0: 0, 1: 1}


def test_nothing_joins_nothing() -> None:
    assert rejoin([], [whole("a", range(9))]) == {}
    assert rejoin([piece(4, range(9))], []) == {4: 4}


def test_neither_order_nor_labels_decide() -> None:
    known = [whole("a", range(60)), whole("b", range(60, 100))]
    parts = [range(30), range(30, 60), range(60, 80), range(80, 100)]
    found = []
    for order in permutations(range(4)):
        tonight = [piece(label, parts[number]) for label, number in enumerate(order)]
        taken = rejoin(tonight, known)
        found.append({number: order[taken[label]] for label, number in enumerate(order)})
    assert found[0] == {0: 0, 1: 0, 2: 2, 3: 2}
    assert all(one == found[0] for one in found)
