"""What larger images cost and give: discs that differ in a small mark, kept at several sizes.

make bench-image-side [SIDES=64,128,224] [ITEMS=1000] [SEEDS=1] [OUT=image_side.json]

Images of 224 × 224 show a disc with one of five marks of thin lines, an eighth of a side wide, at
which 64 pixels hardly tell them apart. They are shrunk to each size, an encoder is learnt from them
as on a first night, and its vectors are clustered with the true number of clusters. The peak is
that of the process so far, so sizes come in rising order.
"""

import argparse
import json
import resource
import time
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from items import clustered, timed
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from models.images.encoder import ImageEncoder, gradient_rows

Images = NDArray[np.uint8]
Pen = ImageDraw.ImageDraw

SIDE: Final = 224
RADIUS: Final = 14.0
WIDTH: Final = 3
N_KINDS: Final = 5
"""No mark, a cross, a ring, lines that lie, and lines that stand."""


MEASURED: Final = {
    "ACC": "acc",
    "NMI": "nmi",
    "neighbours by gradients": "by_gradients",
    "by vectors": "by_vectors",
}


class Cost(NamedTuple):
    """What a size gives and takes.

    Parameters
    ----------
    by_gradients, by_vectors
        Share of the five nearest neighbours of an image that have its mark.
    learn_ms, encode_ms
        Processor time for each image.
    peak_mb
        Of memory.
    """

    side: int
    seed: int
    acc: float
    nmi: float
    by_gradients: float
    by_vectors: float
    learn_ms: float
    encode_ms: float
    peak_mb: float


def draw(kind: int, rng: np.random.Generator) -> Image.Image:
    """Draw a disc somewhere near the middle, with a mark in its own middle."""
    ground = int(rng.integers(205, 250))
    image = Image.new("RGB", (SIDE, SIDE), (ground, ground, ground))
    pen = ImageDraw.Draw(image)
    x, y = SIDE / 2 + rng.uniform(-0.05, 0.05, 2) * SIDE
    reach = rng.uniform(0.27, 0.33) * SIDE
    pen.ellipse([x - reach, y - reach, x + reach, y + reach], fill=(70, 110, 170))
    x, y = np.array([x, y]) + rng.uniform(-4, 4, 2)
    _mark(pen, kind, float(x), float(y), RADIUS * rng.uniform(0.9, 1.1))
    pixels = np.asarray(image) + rng.normal(0, 4, (SIDE, SIDE, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _mark(pen: Pen, kind: int, x: float, y: float, reach: float) -> None:
    ink = (225, 225, 225)
    lying = {1: [0.0], 3: [-reach, 0.0, reach]}.get(kind, [])
    standing = {1: [0.0], 4: [-reach, 0.0, reach]}.get(kind, [])
    for away in lying:
        pen.line([(x - reach, y + away), (x + reach, y + away)], fill=ink, width=WIDTH)
    for away in standing:
        pen.line([(x + away, y - reach), (x + away, y + reach)], fill=ink, width=WIDTH)
    if kind == 2:
        pen.ellipse([x - reach, y - reach, x + reach, y + reach], outline=ink, width=WIDTH)


def shrunk(images: list[Image.Image], side: int) -> Images:
    """Return images as a night keeps them."""
    found = [image.copy() for image in images]
    for image in found:
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.stack([np.asarray(image) for image in found])


def measure(images: Images, y: NDArray[np.int64], seed: int) -> Cost:
    """Learn an encoder, encode by it, cluster, and score."""
    times = [time.process_time()]
    encoder = ImageEncoder.learn(images, seed, "cpu")
    times.append(time.process_time())
    vectors = encoder.encode(images)
    times.append(time.process_time())
    scores = timed(partial(clustered, vectors, N_KINDS, seed, "images"), y)
    learn_ms, encode_ms = (1000 * float(it) / len(images) for it in np.diff(times))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    alike = (share_alike(rows, y) for rows in (gradient_rows(images), vectors))
    quality = (scores["acc"], scores["nmi"], *alike)
    return Cost(images.shape[1], seed, *quality, learn_ms, encode_ms, peak)


def share_alike(rows: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """Return the share of the five nearest neighbours, by cosine, that have the same label."""
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -np.inf)
    nearest = np.argsort(-likeness, axis=1)[:, :5]
    return float((y[nearest] == y[:, None]).mean())


def main() -> None:
    """Measure every size, print and write what it gives and takes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sides", default="64,128,224", help="comma-separated, rising")
    parser.add_argument("--items", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rng, y = np.random.default_rng(0), np.arange(given.items) % N_KINDS
    drawn = [draw(int(kind), rng) for kind in y]
    found: list[Cost] = []
    print(f"| side | {' | '.join(MEASURED)} | learn, ms | encode, ms | peak, MB |")
    print("|---:" * (len(MEASURED) + 4) + "|", flush=True)
    for side in map(int, given.sides.split(",")):
        images = shrunk(drawn, side)
        costs = [measure(images, y, seed) for seed in range(given.seeds)]
        found += costs
        told = [
            f"{100 * np.mean([getattr(it, name) for it in costs]):.1f}"
            for name in MEASURED.values()
        ]
        taken = (np.mean([getattr(it, name) for it in costs]) for name in ("learn_ms", "encode_ms"))
        times = " | ".join(f"{it:.1f}" for it in taken)
        print(f"| {side} | {' | '.join(told)} | {times} | {costs[-1].peak_mb:,.0f} |", flush=True)
        given.out.write_text(json.dumps([it._asdict() for it in found], indent=2) + "\n")


if __name__ == "__main__":
    main()
