"""What the parameters of nightfold's own estimator may be, and what they decide."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Final

from models.core.devices import resolve_device
from models.core.graph import scaled_neighbours
from models.counting.n_clusters import Numbers
from models.nightfold.partition import Settings

_ROWS: Final = ("texts", "items")
_SMALLEST: Final = {"n_clusters": 1, "latent_dim": 1, "n_neighbors": 1, "pretrain_epochs": 0}


def check_parameters(clusterer: object) -> None:
    """Check the numbers among an estimator's parameters; ValueError names the one that is wrong."""
    for name, smallest in _SMALLEST.items():
        value = getattr(clusterer, name)
        is_count = isinstance(value, Integral) and int(value) >= smallest
        if not is_count and (name, value) != ("n_clusters", "auto"):
            raise ValueError(f"{name} must be an integer of at least {smallest}, got {value!r}")
    for name in ("granularity", "lexical_weight"):
        if not (value := getattr(clusterer, name)) > 0:
            raise ValueError(f"{name} must be above 0, got {value!r}")
    if (rows := getattr(clusterer, "rows", None)) not in _ROWS:
        raise ValueError(f"rows must be one of {', '.join(_ROWS)}, got {rows!r}")


def check_widths(widths: Sequence[int], n_columns: int, given: object) -> None:
    """Check that views fill the columns that there are; ValueError names what was given."""
    if min(widths) < 1 or sum(widths) != n_columns:
        raise ValueError(
            f"view_dims must be widths that add up to the {n_columns} columns of X, got {given!r}"
        )


def neighbours_of(clusterer: Any, n_samples: int) -> int:
    """Return to how many neighbours each of so many rows is joined."""
    is_scaled = clusterer.rows == "items"
    return scaled_neighbours(n_samples) if is_scaled else int(clusterer.n_neighbors)


def settings_of(clusterer: Any, n_samples: int) -> Settings:
    """Return what decides the partition of so many rows."""
    return Settings(
        n_clusters=clusterer.n_clusters,
        granularity=clusterer.granularity,
        rows=clusterer.rows,
        near=None if clusterer.near is None else Numbers(*clusterer.near),
        n_neighbors=neighbours_of(clusterer, n_samples),
        deep_refinement=clusterer.deep_refinement,
        seed=clusterer.seed_,
        device=resolve_device(clusterer.device),
    )
