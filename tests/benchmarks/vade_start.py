"""How much of VaDE's published accuracy is its likelihood, and how much the network it starts from?

python tests/benchmarks/vade_start.py --data DIGITS [--pixels bernoulli] [--start classes]

Trains VaDE on the 70,000 digits of its paper as its re-implementations do, which is unlike
`models.estimators.vade`: the layer of the variance begins as a copy of that of the mean, β is 1 from the
beginning, and the learning rate falls. Pixels are Gaussian, as in `models.estimators.vade`, or Bernoulli, as
in the paper. The start is a mixture fitted to the pretrained network (``mixture``) or, to see what
the bound prefers, that of the true classes (``classes``), which nobody has without labels. Labels
are used for that and to score.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from reproduction import NETWORK, Floats, Labels, clocks, likeliest, read_digits, score
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from models.networks.adam import Adam
from models.networks.autoencoder import Autoencoder, build_autoencoder
from models.networks.functional import reconstruction_loss
from models.networks.training import Schedule, fit_epochs, map_rows
from models.networks.vade_network import Mixture, MixtureVAE, fit_mixture, variance_floor

N_CLUSTERS: Final = 10
PRETRAINING_BATCH: Final = 256
PRETRAINING_RATE: Final = 1e-3
BATCH_SIZE: Final = 800
LEARNING_RATE: Final = 2e-3
DECAY: Final = 0.95  # of the learning rate, every ten epochs


class BernoulliVAE(MixtureVAE):
    """VaDE's network where the decoder gives the log-odds of pixels from 0 to 1."""

    def reconstruction_loss(self, x: Tensor, z: Tensor) -> Tensor:
        """Give the negative log-likelihood of the rows, for each pixel."""
        return binary_cross_entropy_with_logits(self.autoencoder.decode(z), x)


def pretrain(X: Floats, pixels: str, n_epochs: int, seed: int) -> tuple[Autoencoder, Tensor]:
    """Train an autoencoder by squared errors; give it, and the rows in its units."""
    network = build_autoencoder(X.shape[1], NETWORK["hidden_dims"], NETWORK["latent_dim"], seed)
    rows = torch.from_numpy(X)
    if pixels == "gaussian":
        network.fit_standardization(rows)
        rows = network.standardize(rows)

    def batch_losses(indices: Tensor) -> Mapping[str, Tensor]:
        x = rows[indices]
        decoded = network(x)[1]
        if pixels == "gaussian":
            return {"loss": reconstruction_loss(x, decoded)}
        # As large as if the pixels had been standardized.
        return {"loss": 20 * (x - decoded.sigmoid()).square().mean()}

    schedule = Schedule("pretrain", n_epochs, PRETRAINING_BATCH, seed)
    fit_epochs(Adam(network.parameters(), PRETRAINING_RATE), batch_losses, len(rows), schedule)
    return network, rows


def mixture_of_classes(latent: Floats, y: Labels) -> Mixture:
    """Give the Gaussians of the true classes."""
    members = [latent[y == digit] for digit in range(N_CLUSTERS)]
    means, variances = (
        np.stack([part(rows, axis=0) for rows in members]) for part in (np.mean, np.var)
    )
    return Mixture((np.bincount(y) / len(y)).astype(np.float32), means, variances)


def train(training: MixtureVAE, y: Labels, n_epochs: int, seed: int) -> None:
    """Maximise the bound; print the scores of the labels at the start and after each epoch."""
    network = training.autoencoder
    training.log_variance_head.load_state_dict(network.encoder[-1].state_dict())
    training.kl_weight = 1.0
    optimizer = Adam(training.parameters(), LEARNING_RATE)
    steps_per_epoch = -(-len(y) // BATCH_SIZE)
    started = clocks()

    def before_step(step: int) -> bool:
        optimizer.learning_rate = LEARNING_RATE * DECAY ** (step // steps_per_epoch // 10)
        return False

    def report(step: str, done: int, total: int, loss: float) -> None:
        found = score(y, likeliest(training), started)
        quality = " | ".join(f"{100 * found[metric]:.1f}" for metric in ("acc", "nmi", "ari"))
        bound = -loss * training.rows.shape[1]
        print(f"| {done} | {quality} | {bound:.2f} | {found['cpu_seconds']:.0f} |", flush=True)

    print("| epochs | ACC | NMI | ARI | bound | processor seconds |")
    print("|---:|---:|---:|---:|---:|---:|")
    report("start", 0, n_epochs, float("nan"))
    schedule = Schedule("refine", n_epochs, BATCH_SIZE, seed)
    fit_epochs(optimizer, training.batch_losses, len(y), schedule, before_step, report)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the IDX files")
    parser.add_argument("--split", choices=["test", "all"], default="all")
    parser.add_argument("--pixels", choices=["gaussian", "bernoulli"], default="gaussian")
    parser.add_argument("--start", choices=["mixture", "classes"], default="mixture")
    parser.add_argument("--pretrain-epochs", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Pretrain, start and train."""
    options = parse(arguments)
    X, y = read_digits(options.data, options.split)
    started = time.process_time()
    network, rows = pretrain(X, options.pixels, options.pretrain_epochs, options.seed)
    print(f"pretrained in {time.process_time() - started:.0f} processor seconds", flush=True)
    latent = map_rows(network.encode, rows, torch.device("cpu")).numpy()
    floor = variance_floor(latent)
    if options.start == "classes":
        mixture = mixture_of_classes(latent, y)
    else:
        mixture = fit_mixture(latent, N_CLUSTERS, floor, options.seed)[1]
    kind = BernoulliVAE if options.pixels == "bernoulli" else MixtureVAE
    train(kind(network, mixture, floor, rows), y, options.epochs, options.seed)


if __name__ == "__main__":
    main()
