"""One file of weights with the settings that belong to them: safetensors, the settings as JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from models.core.persistence import JSON, Tensors

_SETTINGS: Final = "settings"
"""One entry of the header: several would stand in no fixed order, and the bytes would differ."""


def write_weights(path: Path, tensors: Tensors, settings: Mapping[str, JSON]) -> None:
    """Write arrays and settings; the same ones always give the same bytes.

    Parameters
    ----------
    path
        The file; its folder is there.
    tensors
        Arrays by name.
    settings
        What is no array. No NaN and no infinity: JSON has none.
    """
    text = json.dumps(settings, sort_keys=True, allow_nan=False)
    arrays = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    path.write_bytes(save(arrays, metadata={_SETTINGS: text}))


def read_weights(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `write_weights` wrote: the arrays by name, and the settings.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file holds no settings.
    """
    with safe_open(path, framework="numpy") as file:
        text = (file.metadata() or {}).get(_SETTINGS)
        if text is None:
            raise ValueError(f"{path} must hold settings beside its weights, got none")
        return {name: file.get_tensor(name) for name in file.keys()}, json.loads(text)  # noqa: SIM118
