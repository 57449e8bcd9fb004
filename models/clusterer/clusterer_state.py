"""The state of a deep clusterer as arrays and JSON, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import torch
from sklearn.base import BaseEstimator

from models.core.devices import resolve_device
from models.core.persistence import JSON, Tensors
from models.counting.n_clusters import NClustersChoice
from models.networks.autoencoder import Autoencoder

_WEIGHTS: Final = "autoencoder_."


def state_of(estimator: BaseEstimator) -> tuple[Tensors, Mapping[str, JSON]]:
    """Take apart an estimator, pretrained or refined, for `models.core.persistence.save_state`."""
    fitted = {name: value for name, value in vars(estimator).items() if name.endswith("_")}
    autoencoder: Autoencoder = fitted.pop("autoencoder_")
    tensors = {_WEIGHTS + name: w.cpu().numpy() for name, w in autoencoder.state_dict().items()}
    for name in [name for name, value in fitted.items() if _is_numbers(value)]:
        tensors[name] = fitted.pop(name)
    config: dict[str, JSON] = {
        "estimator": type(estimator).__name__,
        "params": _params(estimator),
        "hidden_dims": autoencoder.hidden_dims,
        "latent_dim": autoencoder.latent_dim,
        "fitted": {name: _plain(value) for name, value in fitted.items()},
    }
    return tensors, config


def restore(estimator: BaseEstimator, tensors: Tensors, config: Mapping[str, Any]) -> None:
    """Put into a new estimator what `state_of` took out of another.

    Raises
    ------
    ValueError
        If it was an estimator of another class.
    """
    name = type(estimator).__name__
    if config["estimator"] != name:
        raise ValueError(f"estimator must be {name}, got {config['estimator']}")
    params = dict(config["params"])
    for key in ("hidden_dims", "image_shape"):  # JSON knows no tuples; older models have no shape
        params[key] = None if params.get(key) is None else tuple(params[key])
    estimator.set_params(**params)
    vars(estimator).update(config["fitted"])
    _revive(estimator)
    autoencoder: Autoencoder = estimator._make_network(
        estimator.n_features_in_, config["hidden_dims"], config["latent_dim"]
    )
    arrays = dict(tensors)
    weights = {key: torch.tensor(arrays.pop(_WEIGHTS + key)) for key in autoencoder.state_dict()}
    autoencoder.load_state_dict(weights)
    estimator.autoencoder_ = autoencoder.to(resolve_device(estimator.device))
    vars(estimator).update(arrays)


def _params(estimator: BaseEstimator) -> dict[str, JSON]:
    """Return the parameters; a generator becomes the seed that was drawn from it."""
    params = estimator.get_params(deep=False)
    if isinstance(params["random_state"], np.random.RandomState):
        params["random_state"] = estimator.seed_
    return {name: _plain(value) for name, value in params.items()}


def _is_numbers(value: Any) -> bool:
    """Return whether a value is an array of numbers: names of features are none."""
    return isinstance(value, np.ndarray) and value.dtype != object


def _plain(value: Any) -> Any:
    """Turn numpy's numbers and names, and a choice of n_clusters, into what JSON knows."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return asdict(value) if isinstance(value, NClustersChoice) else value


def _revive(estimator: BaseEstimator) -> None:
    """Undo `_plain` for fitted attributes."""
    fitted = vars(estimator)
    if "feature_names_in_" in fitted:
        fitted["feature_names_in_"] = np.array(fitted["feature_names_in_"], dtype=object)
    if fitted.get("n_clusters_choice_") is not None:
        fitted["n_clusters_choice_"] = NClustersChoice.from_json(fitted["n_clusters_choice_"])
