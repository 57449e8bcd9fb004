"""DEC, IDEC and VaDE with the settings of their papers, on the images of their papers.

make bench-reproduction [DIGITS=FOLDER] [OUT=reproduction.json]

Reads MNIST as four IDX files, which the make target brings into a cache outside the repository.
The 10,000 images of the test split are what a CPU can do; ``--split all`` takes all 70,000 of the
papers. The network is 784-500-500-2000-10, pretrained once for each seed and refined by each
method. Labels are used to score only, and the number of clusters is given. ``--methods vade-watched``
is VaDE with its labels scored after every tenth epoch, so that one sees where longer training leads.
"""

import argparse
import copy
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from models.core.kmeans import fit_kmeans
from models.estimators.autoencoder_clusterer import AutoencoderClusterer
from models.estimators.dec import DEC
from models.estimators.idec import IDEC
from models.estimators.vade import VaDE
from models.networks.training import Schedule, map_rows
from models.networks.vade_losses import mixture_log_joint
from models.networks.vade_network import MixtureVAE, fit_mixture, variance_floor
from models.quality.metrics import ari, clustering_accuracy, nmi

NETWORK: Final[Mapping[str, Any]] = {"hidden_dims": (500, 500, 2000), "latent_dim": 10}
PRETRAINING: Final[Mapping[str, Any]] = {
    "pretraining": "reconstruction",
    "batch_size": 256,
    "learning_rate": 1e-3,
}

# Of IDEC's paper and code, and of VaDE's; DEC's own optimizer is SGD, see docs/reproduction.md.
SETTINGS: Final[Mapping[str, tuple[type[AutoencoderClusterer], Mapping[str, Any]]]] = {
    "dec": (DEC, {"batch_size": 256, "update_interval": 140, "tol": 1e-3, "learning_rate": 1e-3}),
    "idec": (
        IDEC,
        {
            "batch_size": 256,
            "update_interval": 140,
            "tol": 1e-3,
            "learning_rate": 1e-3,
            "clustering_loss_weight": 0.1,
        },
    ),
    "vade": (VaDE, {"batch_size": 100, "learning_rate": 2e-3}),
}

WATCHED: Final = "vade-watched"
_WATCHED_EVERY: Final = 10  # epochs

# ACC of the paper, and of re-runs by others; all on the 70,000 images.
PUBLISHED: Final[Mapping[str, str]] = {
    "k-means": "53-55",
    "ae+k-means": "81.8 / 82.9, 88",
    "dec": "84.3 / 69.8-91",
    "idec": "88.1 / 69.3-87.3",
    "vade": "94.5 / 71.6-90.6",
}

FILES: Final[Mapping[str, Sequence[str]]] = {"test": ("t10k",), "all": ("train", "t10k")}

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
Scores = dict[str, float]


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of bytes: two zeros, the type 8, the number of dimensions, their sizes."""
    content = path.read_bytes()
    if content[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} must be an IDX file of bytes")
    shape = np.frombuffer(content, dtype=">i4", count=content[3], offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def read_digits(folder: Path, split: str) -> tuple[Floats, Labels]:
    """Read the images, (n_samples, 784) from 0 to 1, and what they show."""
    images = [read_idx(folder / f"{name}-images-idx3-ubyte") for name in FILES[split]]
    labels = [read_idx(folder / f"{name}-labels-idx1-ubyte") for name in FILES[split]]
    X = np.concatenate(images).reshape(-1, 28 * 28).astype(np.float32)
    X /= 255
    return X, np.concatenate(labels).astype(np.int64)


def score(y: Labels, labels: NDArray[np.integer], started: tuple[float, float]) -> Scores:
    """Score one clustering; ``started`` is the two clocks before it."""
    return {
        "acc": float(clustering_accuracy(y, labels) or 0.0),
        "nmi": float(nmi(y, labels) or 0.0),
        "ari": float(ari(y, labels) or 0.0),
        "n_clusters": len(np.unique(labels)),
        "seconds": time.perf_counter() - started[0],
        "cpu_seconds": time.process_time() - started[1],
    }


def clocks() -> tuple[float, float]:
    """Seconds and processor seconds."""
    return time.perf_counter(), time.process_time()


def refined(name: str, pretrained: IDEC, X: Floats, n_epochs: int) -> AutoencoderClusterer:
    """Refine a pretrained network by one method."""
    cls, settings = SETTINGS[name]
    model = cls(
        pretrained.n_clusters,
        **NETWORK,
        **settings,
        clustering_epochs=n_epochs,
        random_state=pretrained.random_state,
    )
    for key, value in vars(pretrained).items():
        if key.endswith("_"):  # all begin with the same autoencoder
            setattr(model, key, value)
    return model.refine(X)


def likeliest(training: MixtureVAE) -> Labels:
    """Give the labels of VaDE as it stands."""
    log_weights, means, variances = (part.detach() for part in training.mixture_tensors())

    def place(x: torch.Tensor) -> torch.Tensor:
        z, _ = training.encode(x)
        return mixture_log_joint(z, log_weights, means, variances).argmax(dim=1)

    return np.asarray(map_rows(place, training.rows, torch.device("cpu")).numpy())


def watch_vade(
    pretrained: IDEC, X: Floats, n_epochs: int, report: Callable[[int, Labels], None]
) -> None:
    """Train VaDE from a pretrained network; report its labels at the start and now and then."""
    assert isinstance(pretrained.n_clusters, int)
    floor = variance_floor(latent := pretrained.transform(X))
    labels, mixture = fit_mixture(latent, pretrained.n_clusters, floor, pretrained.seed_)
    report(0, labels)
    network = copy.deepcopy(pretrained.autoencoder_)
    training = MixtureVAE(network, mixture, floor, network.standardize(torch.from_numpy(X)))
    settings = SETTINGS["vade"][1]
    schedule = Schedule("refine", n_epochs, settings["batch_size"], pretrained.seed_)

    def after_epoch(step: str, done: int, total: int, loss: float) -> None:
        if done % _WATCHED_EVERY == 0:
            report(done, likeliest(training))

    training.fit(schedule, VaDE.warmup_epochs, settings["learning_rate"], after_epoch)


def reproduce(X: Floats, y: Labels, seed: int, options: argparse.Namespace) -> dict[str, Scores]:
    """Run everything for one seed, printing each line as it is known."""
    n_clusters = len(np.unique(y))
    results: dict[str, Scores] = {}

    def add(name: str, labels: NDArray[np.integer], started: tuple[float, float]) -> None:
        results[name] = score(y, labels, started)
        print(
            as_row(f"{name}, seed {seed}", results[name], PUBLISHED[name.partition(" ")[0]]),
            flush=True,
        )

    started = clocks()
    add("k-means", fit_kmeans(X, n_clusters, 20, seed)[0], started)
    started = clocks()
    pretrained = IDEC(
        n_clusters,
        **NETWORK,
        **PRETRAINING,
        pretrain_epochs=options.pretrain_epochs,
        random_state=seed,
    ).pretrain(X)
    add("ae+k-means", fit_kmeans(pretrained.transform(X), n_clusters, 20, seed)[0], started)
    if WATCHED in options.methods:
        started = clocks()
        watch_vade(
            pretrained,
            X,
            options.clustering_epochs,
            lambda epoch, labels: add(f"vade after {epoch} epochs", labels, started),
        )
    for name in (method for method in options.methods if method != WATCHED):
        started = clocks()
        model = refined(name, pretrained, X, options.clustering_epochs)
        add(name, model.labels_, started)
        results[name]["epochs"] = model.n_iter_
        print(f"  {model.n_iter_} epochs, last: {model.history_[-1]}", flush=True)
    return results


def as_row(name: str, scores: Mapping[str, float], published: str) -> str:
    """One line of the table; scores in percent."""
    quality = " | ".join(f"{100 * scores[metric]:.1f}" for metric in ("acc", "nmi", "ari"))
    return f"| {name} | {quality} | {scores['cpu_seconds']:.0f} | {published} |"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the IDX files")
    parser.add_argument("--out", type=Path, default=Path("reproduction.json"))
    parser.add_argument("--split", choices=list(FILES), default="test")
    parser.add_argument("--methods", default=",".join(SETTINGS), help="comma-separated")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--pretrain-epochs", type=int, default=50)
    parser.add_argument("--clustering-epochs", type=int, default=50, help="at most")
    options = parser.parse_args(arguments)
    options.methods = options.methods.split(",")
    if unknown := set(options.methods) - {*SETTINGS, WATCHED}:
        parser.error(f"--methods must be among {', '.join(SETTINGS)}, got {', '.join(unknown)}")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the reproduction."""
    options = parse(arguments)
    X, y = read_digits(options.data, options.split)
    print("| | ACC | NMI | ARI | processor seconds | ACC, paper / re-runs |")
    print("|---|---:|---:|---:|---:|---|", flush=True)
    results = {}
    for seed in range(options.seeds):
        results[f"seed {seed}"] = reproduce(X, y, seed, options)
        options.out.write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
