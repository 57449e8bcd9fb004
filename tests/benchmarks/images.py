"""Clusters of images: nightfold beside k-means on the pixels, and DEC, IDEC and VaDE by convolutions.

make bench-images [SETS=digits,mnist] [SPLIT=all] [SEEDS=3] [EPOCHS=30] [DEVICE=cuda] [OUT=images.json]

The digits of scikit-learn (1,797), enlarged as a night enlarges them, and MNIST (70,000, of which a
sample of 10,000 unless SPLIT is "all"). One configuration for all sets: an encoder is learnt and
its vectors are clustered, as on a first night. Labels are used to score only; the number of
clusters is given but for "nightfold-auto", and where the methods of papers run it is given, too.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from items import HEADER, Floats, Labels, Result, clustered, line, summary, timed, write
from numpy.typing import NDArray
from reproduction import SETTINGS, read_idx
from sklearn.datasets import load_digits

from models.core.kmeans import fit_kmeans
from models.images.encoder import ImageEncoder
from models.images.sizing import common_shape
from tasks.images.codec import fitted

Images = NDArray[np.uint8]

SAMPLE: Final = 10_000
EPOCHS: Final = 30
"""In which methods of papers pretrain: a night has no time for the hundreds of epochs there. They
cluster in as many at most."""


def read_digits() -> tuple[Images, NDArray[np.int64]]:
    """Read the digits, 8 × 8 with 17 shades of grey."""
    digits = load_digits()
    images = np.rint(digits.images / 16 * 255).astype(np.uint8)[..., None]
    return images, np.asarray(digits.target, dtype=np.int64)


def read_mnist(folder: Path, n_images: int | None) -> tuple[Images, NDArray[np.int64]]:
    """Read MNIST, or a sample of it that is always the same."""
    parts = ("train", "t10k")
    images = np.concatenate([read_idx(folder / f"{it}-images-idx3-ubyte") for it in parts])
    labels = np.concatenate([read_idx(folder / f"{it}-labels-idx1-ubyte") for it in parts])
    drawn = np.sort(np.random.default_rng(0).permutation(len(labels))[:n_images])
    return images[drawn][..., None], labels[drawn].astype(np.int64)


def pixels_of(images: Images) -> Floats:
    """Return images as rows from 0 to 1."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def nightfold(images: Images, n_clusters: Any, seed: int, device: str) -> Labels:
    """Learn an encoder and cluster its vectors, as a first night does."""
    shape = common_shape([it.shape[:2] for it in images[:1]], is_colour=False)
    small = np.stack([fitted(it, shape) for it in images])
    vectors = ImageEncoder.learn(small, seed, device).encode(small)
    return clustered(vectors, n_clusters, seed, "images", device=device)


def by_paper(
    name: str, images: Images, n_clusters: int, seed: int, epochs: int, device: str
) -> Labels:
    """Cluster by a method of a paper, with a convolutional encoder."""
    cls, settings = SETTINGS[name]
    shape = (images.shape[1], images.shape[2], images.shape[3])
    model = cls(
        n_clusters,
        **settings,
        image_shape=shape,
        pretrain_epochs=epochs,
        clustering_epochs=epochs,
        random_state=seed,
        device=device,
    )
    return np.asarray(model.fit(pixels_of(images)).labels_)


Method = Callable[[Images, int, int, int, str], Labels]

METHODS: Final[Mapping[str, Method]] = {
    "k-means on pixels": lambda it, k, seed, *_: fit_kmeans(pixels_of(it), k, 10, seed)[0],
    "nightfold": lambda it, k, seed, _, device: nightfold(it, k, seed, device),
    "nightfold-auto": lambda it, k, seed, _, device: nightfold(it, "auto", seed, device),
    "conv dec": partial(by_paper, "dec"),
    "conv idec": partial(by_paper, "idec"),
    "conv vade": partial(by_paper, "vade"),
}


def results_of(options: argparse.Namespace) -> Iterator[list[Result]]:
    """Run every method on every set, with every seed."""
    n_images = None if options.split == "all" else SAMPLE
    readers: Mapping[str, Callable[[], tuple[Images, NDArray[np.int64]]]] = {
        "digits": read_digits,
        "mnist": lambda: read_mnist(options.data, n_images),
    }
    for name in options.sets.split(","):
        images, y = readers[name]()
        for method in options.methods.split(","):
            n_clusters, run = len(np.unique(y)), METHODS[method]
            yield [
                Result(
                    method,
                    f"{name} {len(y):,}",
                    seed,
                    timed(
                        partial(run, images, n_clusters, seed, options.epochs, options.device), y
                    ),
                )
                for seed in range(options.seeds)
            ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the IDX files")
    parser.add_argument("--out", type=Path, default=Path("images.json"))
    parser.add_argument("--sets", default="digits,mnist", help="comma-separated")
    parser.add_argument("--split", choices=("sample", "all"), default="sample", help="of MNIST")
    parser.add_argument("--methods", default=",".join(METHODS), help="comma-separated")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of the methods of papers")
    parser.add_argument("--device", default="cpu", help="where networks are trained")
    options = parser.parse_args(arguments)
    print(HEADER, flush=True)
    found: list[Result] = []
    for results in results_of(options):
        found += results
        print(line(results), flush=True)
        write(options.out, found)
    print("\n".join(summary(found)))


if __name__ == "__main__":
    main()
