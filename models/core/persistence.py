"""Models on disk: weights as safetensors, all the rest as JSON, never pickle."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

WEIGHTS_FILE: Final = "model.safetensors"
STEADY_FILE: Final = "steady.safetensors"
CONFIG_FILE: Final = "model.json"
FORMAT_VERSION: Final = 2
"""Raised where an older nightfold could not read what is saved; it refuses a later version."""

_READ: Final = (1, FORMAT_VERSION)
"""Version 1 has all weights in one file, and of lexical views the components alone."""

_KEYS: Final = {"format_version", "weights_sha256", "config"}

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
Tensors: TypeAlias = Mapping[str, NDArray[Any]]


def save_state(
    folder: Path, tensors: Tensors, config: Mapping[str, JSON], steady: Tensors | None = None
) -> None:
    """Write a model; the same state always gives the same bytes.

    Parameters
    ----------
    folder
        Made if it is not there; ``model.safetensors`` and ``model.json`` in it are replaced.
    tensors
        Arrays by name.
    config
        What is no array. No NaN and no infinity: JSON has none.
    steady
        Arrays that stay what they are where the model learns more. They are written to
        ``steady.safetensors``, which is the same file then.

    Raises
    ------
    ValueError
        If a number in ``config`` is not finite.
    """
    weights = _spelled(tensors)
    document = {
        "format_version": FORMAT_VERSION,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "config": config,
    }
    beside = _spelled(steady) if steady else None
    if beside:
        document["steady_sha256"] = hashlib.sha256(beside).hexdigest()
    # A term of a vocabulary on a line of its own would take twice its letters in spaces.
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS_FILE).write_bytes(weights)
    if beside:
        (folder / STEADY_FILE).write_bytes(beside)
    (folder / CONFIG_FILE).write_bytes(f"{text}\n".encode())


def load_state(folder: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `save_state` wrote.

    Parameters
    ----------
    folder
        Where the two files are.

    Returns
    -------
    The arrays by name, and the config.

    Raises
    ------
    FileNotFoundError
        If one of the files is missing.
    ValueError
        If a file is corrupt, of another format version, or the two were not saved together.
    """
    document = _load_document(folder / CONFIG_FILE)
    tensors = _read(folder / WEIGHTS_FILE, document["weights_sha256"])
    if "steady_sha256" in document:
        tensors |= _read(folder / STEADY_FILE, document["steady_sha256"])
    return tensors, document["config"]


def _spelled(tensors: Tensors) -> bytes:
    return save({name: np.asarray(array, order="C") for name, array in tensors.items()})


def _read(path: Path, expected: str) -> dict[str, NDArray[Any]]:
    """Read a file of arrays and check that it is the one that the JSON file was saved with."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != expected:
        raise ValueError(
            f"{path} must have the SHA-256 {expected} that {CONFIG_FILE} was saved with, got"
            f" {digest}"
        )
    return load(content)


def _load_document(path: Path) -> dict[str, Any]:
    """Read the JSON file and check that it is one of ours."""
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} must be JSON, got {error}") from error
    if not isinstance(document, dict) or not document.keys() >= _KEYS:
        raise ValueError(f"{path} must be an object with {sorted(_KEYS)}, got {document!r:.200}")
    if document["format_version"] not in _READ:
        version, known = document["format_version"], " or ".join(map(str, _READ))
        raise ValueError(f"{path} must have format_version {known}, got {version!r}")
    return document
