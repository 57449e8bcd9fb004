"""How near the number of clusters comes, by each kind of evidence and by rules that join them.

make bench-counting [OUT=counting.json] [SEEDS=3] [AGAIN=1]

Images and series come as nights have them: an encoder is learnt and its vectors are counted. Beside
each whole set, parts of it with some of its labels count as sets of their own. A rule is good where
its number is within a factor of 1.5 of the number of labels. So that no set chooses the rule that
it is judged by, each is also counted by the rule that is best on all other sets. Apart from these,
and never among those that choose: a sample of MNIST, and series that are drawn or were added later.
With every seed an encoder is learnt anew, and other parts are drawn. AGAIN prints the tables of what was counted before.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, Literal, NamedTuple
from zlib import crc32

import numpy as np
from counting_evidence import Further, further
from images import Images, read_digits, read_mnist
from items import NEAR, Floats, Labels
from numpy.typing import NDArray
from scipy import sparse
from series import as_on_a_night
from series_drawn import DRAWN
from series_drawn_later import DRAWN_LATER
from series_sets import SETS, UNSEEN, LabelledSeries

from models.core.arrays import normalise_rows
from models.core.graph import (
    SMOOTHING_ROUNDS,
    nearest_neighbours,
    neighbour_graph,
    scaled_neighbours,
    smooth,
)
from models.core.projection import FusedView, Projection
from models.counting.votes import Seen, Votes, tried_numbers, votes_of
from models.images.encoder import ImageEncoder
from models.images.sizing import common_shape
from models.nightfold.clustering import FUSED_DIM
from models.nightfold.partition import SMOOTHED_DIM
from models.nightfold.views import views_apart
from models.series.encoder import SeriesEncoder
from tasks.images.codec import fitted

PARTS: Final = 5
"""Of a set: each has some of its labels, drawn by lot, and at most so many rows."""

MOST_ROWS: Final = 1_200
FEWEST_ROWS: Final = 24
FEW_IMAGES: Final = 2_000


class Counted(NamedTuple):
    """What was found of a set, or of a part of it."""

    set: str
    kind: Literal["images", "series"]
    is_unseen: bool
    is_part: bool
    seed: int
    n_rows: int
    n_labels: int
    votes: Votes
    further: Further


class Encoded(NamedTuple):
    """A set as the vectors of its items, and the widths of the views side by side in them."""

    name: str
    kind: Literal["images", "series"]
    is_unseen: bool
    seed: int
    vectors: Floats
    view_dims: tuple[int, ...]
    labels: Labels


def two_that_agree(votes: Votes) -> float:
    """Return the larger of the two votes nearest to one another, if they are near; 3 otherwise."""
    low, middle, high = sorted(votes)
    pairs = sorted([(middle / low, -middle), (high / middle, -high)])
    return -pairs[0][1] if pairs[0][0] <= NEAR else 3.0


RULES: Final[Mapping[str, Callable[[Counted], float]]] = {
    "agreement of halves": lambda it: it.votes.agreement,
    "agreement of halves that see all": lambda it: it.further.agreement,
    "silhouette": lambda it: it.votes.silhouette,
    "density": lambda it: it.votes.density,
    "lowest of three": lambda it: min(it.votes),
    "middle of three": lambda it: sorted(it.votes)[1],
    "highest of three": lambda it: max(it.votes),
    "lowest for images, middle for series": lambda it: sorted(it.votes)[it.kind == "series"],
    "the same, of halves that see all": lambda it: sorted(
        (it.further.agreement, it.votes.silhouette, it.votes.density)
    )[it.kind == "series"],
    "two that agree, else 3": lambda it: two_that_agree(it.votes),
    "information of halves": lambda it: it.further.shared,
    "longest walks": lambda it: it.further.persistent,
    "first view like all (series)": lambda it: it.further.view or it.votes.agreement,
    "always 3": lambda _: 3,
}


def sets_of(packages: Path, data: Path, seed: int) -> Iterator[Encoded]:
    """Yield each set as the vectors of its items, and their labels."""
    yield _of_images("digits", read_digits(), False, seed)
    for name, read in SETS.items():
        yield _of_series(name, read(packages), False, seed)
    yield _of_images("MNIST", read_mnist(data, FEW_IMAGES), True, seed)
    for name, read in UNSEEN.items():
        yield _of_series(name, read(packages), True, seed)
    for name, draw in {**DRAWN, **DRAWN_LATER}.items():
        yield _of_series(name, draw(), True, seed)


def _of_images(
    name: str, given: tuple[Images, NDArray[np.int64]], is_unseen: bool, seed: int
) -> Encoded:
    images, y = given
    shape = common_shape([images.shape[1:3]], is_colour=False)
    small = np.stack([fitted(it, shape) for it in images])
    encoder = ImageEncoder.learn(small, seed, "cpu")
    return Encoded(name, "images", is_unseen, seed, encoder.encode(small), encoder.view_dims, y)


def _of_series(name: str, given: LabelledSeries, is_unseen: bool, seed: int) -> Encoded:
    series = as_on_a_night(given.series)
    encoder = SeriesEncoder.learn(series, seed)
    vectors, dims = encoder.encode(series), encoder.view_dims
    return Encoded(name, "series", is_unseen, seed, vectors, dims, given.labels)


def parts_of(name: str, y: Labels, seed: int) -> Iterator[np.ndarray]:
    """Yield which rows parts of a set have; of few labels there are fewer parts, or none."""
    rng, labels = np.random.default_rng([crc32(name.encode()), seed]), np.unique(y)
    for _ in range(PARTS if len(labels) > 4 else 2 if len(labels) == 4 else 0):
        n_labels = round(np.exp(rng.uniform(np.log(2), np.log(len(labels) - 1))))
        rows = np.flatnonzero(np.isin(y, rng.permutation(labels)[:n_labels]))
        rows = np.sort(rng.permutation(rows)[:MOST_ROWS])
        if len(rows) >= FEWEST_ROWS:
            yield rows


def smoothed(vectors: Floats) -> tuple[Floats, Floats, sparse.csr_array]:
    """Return fused rows, where clusters are sought, and the walk, as `NightfoldClustering` does."""
    fused = FusedView.fit(vectors, (vectors.shape[1],), FUSED_DIM).transform(vectors)
    near = scaled_neighbours(len(fused))
    walk = neighbour_graph(nearest_neighbours(fused, near), near)
    rows = smooth(fused, walk, SMOOTHING_ROUNDS)
    return fused, Projection.fit(rows, SMOOTHED_DIM).transform(rows), walk


def counted(given: Encoded, rows: np.ndarray) -> Counted:
    """Count what rows of a set show."""
    vectors = given.vectors[rows]
    fused, space, walk = smoothed(vectors)
    apart = views_apart(vectors, given.view_dims)
    tried = tried_numbers(Seen(fused, space, walk, apart), given.seed)
    first = normalise_rows(vectors[:, : given.view_dims[0]])
    return Counted(
        set=given.name,
        kind=given.kind,
        is_unseen=given.is_unseen,
        is_part=len(rows) < len(given.labels),
        seed=given.seed,
        n_rows=len(rows),
        n_labels=len(np.unique(given.labels[rows])),
        votes=votes_of(tried),
        further=further(
            fused,
            space,
            smoothed(first)[1] if apart else None,
            walk,
            [it.n_clusters for it in tried],
        ),
    )


def is_near(rule: str, counted: Counted) -> bool:
    """Return whether a rule comes near the number of labels."""
    return 1 / NEAR <= RULES[rule](counted) / counted.n_labels <= NEAR


def share_near(rule: str, found: Sequence[Counted], sets: Sequence[str]) -> float:
    """Return how often a rule comes near: each set counts once, half of it by its parts."""
    shares = []
    for name in sets:
        own = [it for it in found if it.set == name]
        kinds = ([is_near(rule, it) for it in own if it.is_part is kind] for kind in (False, True))
        shares.append(np.mean([np.mean(each) for each in kinds if each]))
    return float(np.mean(shares))


def share_of_sets(rule: str, group: Sequence[Counted]) -> float:
    """Return how often a rule comes near, each set counting once."""
    sets = dict.fromkeys(it.set for it in group)
    near = ([is_near(rule, it) for it in group if it.set == name] for name in sets)
    return float(np.mean([np.mean(each) for each in near]))


def table(found: Sequence[Counted]) -> Iterator[str]:
    """Yield a row for each rule, and what leaving out each set gives."""
    known = [it for it in found if not it.is_unseen]
    sets = list(dict.fromkeys(it.set for it in known))
    groups = [
        [it for it in found if (it.is_unseen, it.is_part) == which]
        for which in ((False, False), (False, True), (True, False), (True, True))
    ]
    whole, parts, unseen, unseen_parts = (len({it.set for it in group}) for group in groups)
    yield (
        f"| rule | {whole} sets | parts of {parts} | both | {unseen} unseen | parts of {unseen_parts} |"
    )
    yield "|---|---:|---:|---:|---:|---:|"
    for rule in RULES:
        own = [f"{share_of_sets(rule, group):.0%}" for group in groups]
        own.insert(2, f"{share_near(rule, known, sets):.0%}")
        yield f"| {rule} | {' | '.join(own)} |"
    best = {
        name: max(RULES, key=lambda it: share_near(it, known, [k for k in sets if k != name]))
        for name in sets
    }
    left_out = np.mean([share_near(best[name], known, [name]) for name in sets])
    chosen = ", ".join(
        f"{rule} ({list(best.values()).count(rule)})" for rule in RULES if rule in best.values()
    )
    yield f"| the best on all other sets | | | {left_out:.0%} | | |"
    yield f"\nBest on all other sets: {chosen}."


def count_all(packages: Path, data: Path, out: Path, seeds: int) -> list[Counted]:
    """Count all sets and their parts, and write the votes."""
    found: list[Counted] = []
    for given in chain.from_iterable(sets_of(packages, data, seed) for seed in range(seeds)):
        parts = parts_of(given.name, given.labels, given.seed)
        for rows in (np.arange(len(given.labels)), *parts):
            found.append(counted(given, rows))
            it = found[-1]
            kind = "part" if it.is_part else ""
            told = f"{it.seed} {it.set} {kind} {it.n_rows} {it.n_labels} {tuple(it.votes)}"
            print(told, tuple(it.further), flush=True)
        told_of = [
            {**it._asdict(), "votes": it.votes._asdict(), "further": it.further._asdict()}
            for it in found
        ]
        out.write_text(json.dumps(told_of, indent=2) + "\n", encoding="utf-8")
    return found


def counted_before(out: Path) -> list[Counted]:
    """Read what `count_all` wrote."""
    return [
        Counted(**{**it, "votes": Votes(**it["votes"]), "further": Further(**it["further"])})
        for it in json.loads(out.read_text(encoding="utf-8"))
    ]


def main() -> None:
    """Count all sets and their parts, print how near the rules come, and write the votes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packages", type=Path, required=True, help="where the wheels are")
    parser.add_argument("--data", type=Path, required=True, help="folder of MNIST's IDX files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--again", action="store_true", help="print what --out has")
    given = parser.parse_args()
    found = (
        counted_before(given.out)
        if given.again
        else count_all(given.packages, given.data, given.out, given.seeds)
    )
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
