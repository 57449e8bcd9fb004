"""What a `NightfoldClustering` is on disk: its arrays, and the rest as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from torch import nn

from models.core.arrays import narrowest
from models.core.devices import resolve_device
from models.core.persistence import JSON
from models.core.projection import FusedView, Projection
from models.counting.n_clusters import NClustersChoice
from models.networks.autoencoder import Autoencoder
from models.networks.heads import ClusterHeads
from models.nightfold.partition import Evidence
from models.nightfold.searched import Searched

_NETWORKS: Final = {"autoencoder_": Autoencoder, "heads_": ClusterHeads}
_RECORDS: Final = {"evidence_": Evidence, "n_clusters_choice_": NClustersChoice}
_ARRAYS: Final = ("labels_", "soft_assignments_", "cluster_centers_", "topics_")
_VALUES: Final = ("n_features_in_", "seed_", "n_clusters_", "pretrain_history_", "history_")

Arrays = dict[str, NDArray[np.generic]]


def state_of(estimator: BaseEstimator) -> tuple[Arrays, dict[str, JSON]]:
    """Take an estimator apart.

    A ``random_state`` that is a generator becomes the seed that was drawn from it.
    """
    fitted = vars(estimator)
    params = estimator.get_params(deep=False)
    if params["view_dims"] is not None:
        params["view_dims"] = [int(width) for width in params["view_dims"]]
    if params["near"] is not None:
        params["near"] = list(map(int, params["near"]))
    if isinstance(params["random_state"], np.random.RandomState):
        params["random_state"] = fitted["seed_"]
    if params["rows"] == "texts":
        del params["rows"]  # a model of texts reads as it did before there was anything else
    networks = {name: fitted[name] for name in _NETWORKS if name in fitted}
    tensors: Arrays = {name: fitted[name] for name in _ARRAYS if name in fitted}
    for name, network in networks.items():
        tensors |= {f"{name}.{key}": value for key, value in _weights_of(network).items()}
    view = fitted["view_"]
    tensors |= {
        "view_.semantic_mean": view.semantic_mean,
        "view_.mean": view.projection.mean,
        "view_.components": view.projection.components,
    }
    searched = fitted.get("searched_")
    tensors |= {} if searched is None else searched.arrays()
    config: dict[str, JSON] = {
        "estimator": type(estimator).__name__,
        "params": params,
        "layers": {name: _layers_of(network) for name, network in networks.items()},
        "view_dims": list(view.dims),
        "records": {name: _as_json(fitted.get(name)) for name in _RECORDS if name in fitted},
        "values": {name: fitted[name] for name in _VALUES if name in fitted},
        "searched": None if searched is None else searched.digest,
    }
    if "feature_names_in_" in fitted:
        config["feature_names"] = fitted["feature_names_in_"].tolist()
    return {name: narrowest(array) for name, array in tensors.items()}, config


def restore(
    estimator: BaseEstimator, tensors: Mapping[str, NDArray[Any]], config: Mapping[str, Any]
) -> None:
    """Put an estimator together again, in place.

    Raises
    ------
    ValueError
        If the state is that of another kind of estimator.
    """
    if config["estimator"] != type(estimator).__name__:
        raise ValueError(
            f"estimator must be {type(estimator).__name__}, got {config['estimator']!r}"
        )
    tensors = {name: _in_32_bits(array) for name, array in tensors.items()}
    params = dict(config["params"])
    params |= {name: _as_tuple(params.get(name)) for name in ("view_dims", "near")}
    estimator.set_params(**params)
    device = resolve_device(estimator.device)
    fitted = vars(estimator)
    for name, layers in config["layers"].items():
        network = _NETWORKS[name](**layers)
        network.load_state_dict(_weights_for(name, tensors))
        fitted[name] = network.to(device).eval()
    mean, components = tensors["view_.mean"], tensors["view_.components"]
    semantic_mean = tensors["view_.semantic_mean"]
    dims = tuple(config["view_dims"])
    projection = Projection(mean, components)
    fitted["view_"] = FusedView(dims, semantic_mean, projection, estimator.lexical_weight)
    fitted |= {name: tensors[name] for name in _ARRAYS if name in tensors}
    fitted |= config["values"]
    if config.get("searched") is not None:  # a model of an older version has no such entry
        fitted["searched_"] = Searched.restored(config["searched"], tensors)
    if "feature_names" in config:
        fitted["feature_names_in_"] = np.array(config["feature_names"], dtype=object)
    for name, record in config["records"].items():
        fitted[name] = None if record is None else _RECORDS[name](**_as_tuples(record))


def _in_32_bits(array: NDArray[Any]) -> NDArray[Any]:
    """Undo `models.core.arrays.narrowest`: nothing is computed with in 16 bits."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _layers_of(network: Autoencoder | ClusterHeads) -> dict[str, JSON]:
    """Return what the network is built from."""
    if isinstance(network, ClusterHeads):
        return {
            "view_dims": network.view_dims,
            "n_clusters": network.n_clusters,
            "hidden_dim": network.hidden_dim,
            "dropout": network.dropout,
        }
    widths = [
        layer.out_features for layer in network.encoder.modules() if isinstance(layer, nn.Linear)
    ]
    n_features = len(network.feature_mean)
    return {"n_features": n_features, "hidden_dims": widths[:-1], "latent_dim": widths[-1]}


def _weights_of(network: nn.Module) -> Arrays:
    """Weights as arrays."""
    return {key: value.cpu().numpy() for key, value in network.state_dict().items()}


def _weights_for(name: str, tensors: Mapping[str, NDArray[Any]]) -> dict[str, torch.Tensor]:
    """Find the weights of one network."""
    prefix = f"{name}."
    return {
        key.removeprefix(prefix): torch.from_numpy(array)
        for key, array in tensors.items()
        if key.startswith(prefix)
    }


def _as_json(record: Any) -> JSON:
    """Dataclass to dictionary."""
    return None if record is None else asdict(record)


def _as_tuples(record: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the lists that JSON made of tuples back, so that a record equals what was saved."""
    return {name: _as_tuple(value) for name, value in record.items()}


def _as_tuple(value: Any) -> Any:
    """Turn a list, and the lists in it, into tuples."""
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value
