"""How near the number of clusters comes, by each kind of evidence and by rules that join them.

make bench-counting [OUT=counting.json]

Images and series come as nights have them: an encoder is learnt and its vectors are counted. Beside
each whole set, parts of it with some of its labels count as sets of their own. A rule is good where
its number is within a factor of 1.5 of the number of labels. So that no set chooses the rule that
it is judged by, each is also counted by the rule that is best on all other sets.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
from images import read_digits
from items import NEAR, Floats, Labels
from series import as_on_a_night
from series_sets import SETS

from models.core.graph import (
    SMOOTHING_ROUNDS,
    nearest_neighbours,
    neighbour_graph,
    scaled_neighbours,
    smooth,
)
from models.core.projection import FusedView, Projection
from models.counting.votes import Votes, tried_numbers, votes_of
from models.images.encoder import ImageEncoder
from models.images.sizing import common_shape
from models.nightfold.clustering import FUSED_DIM
from models.nightfold.partition import SMOOTHED_DIM
from models.series.encoder import SeriesEncoder
from tasks.images.codec import fitted

PARTS: Final = 5
"""Of a set: each has some of its labels, drawn by lot, and at most so many rows."""

MOST_ROWS: Final = 1_200
FEWEST_ROWS: Final = 24


class Counted(NamedTuple):
    """What was found of a set, or of a part of it."""

    set: str
    is_part: bool
    n_rows: int
    n_labels: int
    votes: Votes


RULES: Final[Mapping[str, Callable[[Votes], float]]] = {
    "agreement of halves": lambda it: it.agreement,
    "silhouette": lambda it: it.silhouette,
    "density": lambda it: it.density,
    "lowest of three": min,
    "middle of three": lambda it: sorted(it)[1],
    "highest of three": max,
    "geometric mean": lambda it: round(float(np.exp(np.log(it).mean()))),
    "always 3": lambda _: 3,
}


def vectors_of(packages: Path) -> Iterator[tuple[str, Floats, Labels]]:
    """Yield each set as the vectors of its items, and their labels."""
    images, y = read_digits()
    shape = common_shape([images.shape[1:3]], is_colour=False)
    small = np.stack([fitted(it, shape) for it in images])
    yield "digits", ImageEncoder.learn(small, 0, "cpu").encode(small), y
    for name, read in SETS.items():
        raw, y = read(packages)
        series = as_on_a_night(raw)
        yield name, SeriesEncoder.learn(series, 0).encode(series), y


def parts_of(name: str, y: Labels) -> Iterator[np.ndarray]:
    """Yield which rows parts of a set have; of few labels there are fewer parts, or none."""
    rng, labels = np.random.default_rng(crc32(name.encode())), np.unique(y)
    for _ in range(PARTS if len(labels) > 4 else 2 if len(labels) == 4 else 0):
        n_labels = round(np.exp(rng.uniform(np.log(2), np.log(len(labels) - 1))))
        rows = np.flatnonzero(np.isin(y, rng.permutation(labels)[:n_labels]))
        rows = np.sort(rng.permutation(rows)[:MOST_ROWS])
        if len(rows) >= FEWEST_ROWS:
            yield rows


def votes_in(vectors: Floats) -> Votes:
    """Return the votes, as `NightfoldClustering` has them."""
    fused = FusedView.fit(vectors, (vectors.shape[1],), FUSED_DIM).transform(vectors)
    near = scaled_neighbours(len(fused))
    walk = neighbour_graph(nearest_neighbours(fused, near), near)
    smoothed = smooth(fused, walk, SMOOTHING_ROUNDS)
    space = Projection.fit(smoothed, SMOOTHED_DIM).transform(smoothed)
    return votes_of(tried_numbers(fused, 0, space, walk))


def is_near(rule: str, counted: Counted) -> bool:
    """Return whether a rule comes near the number of labels."""
    return 1 / NEAR <= RULES[rule](counted.votes) / counted.n_labels <= NEAR


def share_near(rule: str, found: Sequence[Counted], sets: Sequence[str]) -> float:
    """Return how often a rule comes near: each set counts once, half of it by its parts."""
    shares = []
    for name in sets:
        own = [it for it in found if it.set == name]
        kinds = ([is_near(rule, it) for it in own if it.is_part is kind] for kind in (False, True))
        shares.append(np.mean([np.mean(each) for each in kinds if each]))
    return float(np.mean(shares))


def table(found: Sequence[Counted]) -> Iterator[str]:
    """Yield a row for each rule, and what leaving out each set gives."""
    sets = list(dict.fromkeys(it.set for it in found))
    whole, parts = ([it for it in found if it.is_part is kind] for kind in (False, True))
    yield f"| rule | {len(whole)} sets | {len(parts)} parts of sets | both |\n|---|---:|---:|---:|"
    for rule in RULES:
        means = [np.mean([is_near(rule, it) for it in part]) for part in (whole, parts)]
        yield f"| {rule} | {means[0]:.0%} | {means[1]:.0%} | {share_near(rule, found, sets):.0%} |"
    best = {
        name: max(RULES, key=lambda it: share_near(it, found, [k for k in sets if k != name]))
        for name in sets
    }
    left_out = np.mean([share_near(best[name], found, [name]) for name in sets])
    chosen = ", ".join(
        f"{rule} ({list(best.values()).count(rule)})" for rule in RULES if rule in best.values()
    )
    yield f"| the best on all other sets | | | {left_out:.0%} |\n\nBest on all other sets: {chosen}."


def main() -> None:
    """Count all sets and their parts, print how near the rules come, and write the votes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packages", type=Path, required=True, help="where the wheels are")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found: list[Counted] = []
    for name, vectors, y in vectors_of(given.packages):
        whole = np.arange(len(y))
        for is_part, rows in [(False, whole), *((True, it) for it in parts_of(name, y))]:
            n_labels = len(np.unique(y[rows]))
            found.append(Counted(name, is_part, len(rows), n_labels, votes_in(vectors[rows])))
            it = found[-1]
            print(
                f"{name} {'part' if is_part else ''} {it.n_rows} {n_labels} {tuple(it.votes)}",
                flush=True,
            )
        told = [{**each._asdict(), "votes": each.votes._asdict()} for each in found]
        given.out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
