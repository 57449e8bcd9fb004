"""Make the feed of the demo of series: three nights of machine signals, a fault on the third."""

import csv
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

OF_A_KIND: Final = 55
"""Recordings of each kind of machine a night."""

STEPS: Final = 120
"""Of a recording, one each second."""

FAULT_ON_NIGHT: Final = 3
FAULTY: Final = 30
"""Recordings of pumps with a worn bearing on that night."""

Signal = NDArray[np.float64]


def _pump(time: Signal, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Turn evenly: the current is steady, the vibration a sine with an overtone."""
    turns = 2 * np.pi * (rng.uniform(6, 7) * time + rng.uniform())
    return 0.2 * np.sin(2 * turns), np.sin(turns) + 0.3 * np.sin(2 * turns + 0.5)


def _worn_pump(time: Signal, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Turn with a worn bearing: each turn strikes, and every blow rings down."""
    current, even = _pump(time, rng)
    since = (rng.uniform(6, 7) * time + rng.uniform()) % 1
    blows = 3.5 * np.exp(-9 * since) * np.cos(60 * since)
    return current + 0.4 * (since < 0.1), 0.3 * even + blows


def _press(time: Signal, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Wait, and strike: short strokes that come evenly."""
    is_down = ((rng.uniform(3.5, 4.5) * time + rng.uniform()) % 1) < 0.18
    stroke: Signal = is_down.astype(np.float64)
    return 2.0 * stroke, 1.5 * np.abs(np.diff(stroke, prepend=0.0))


def _heater(time: Signal, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Heat up and cool down: the current is on and off, hardly anything shakes."""
    phase = (rng.uniform(1.6, 2.4) * time + rng.uniform()) % 1
    heat: Signal = np.where(phase < 0.6, phase / 0.6, (1 - phase) / 0.4)
    return heat, np.zeros_like(time)


def _mixer(time: Signal, rng: np.random.Generator) -> tuple[Signal, Signal]:
    """Run up, and shake ever more as the load thickens."""
    load = np.clip((time - rng.uniform(0.05, 0.25)) / 0.5, 0, 1)
    return 1.5 * load, load * rng.normal(0, 0.8, len(time))


KINDS: Final[Mapping[str, Callable[[Signal, np.random.Generator], tuple[Signal, Signal]]]] = {
    "pump": _pump,
    "press": _press,
    "heater": _heater,
    "mixer": _mixer,
}


def write_night(night: int, day: date, file: Path) -> None:
    """Write the recordings of a night, from 1 to 3, as CSV; the same night gives the same ones.

    Parameters
    ----------
    night
        Its number.
    day
        Its date.
    file
        Its folder is created if need be. No column says what kind a machine is of.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(night)
    kinds = [kind for kind in KINDS for _ in range(OF_A_KIND)]
    drawn = [KINDS[kinds[at]] for at in rng.permutation(len(kinds))]
    drawn += [_worn_pump] * (FAULTY if night >= FAULT_ON_NIGHT else 0)
    begin = datetime.combine(day, datetime.min.time())
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["recording", "time", "current", "vibration", "hall"])
        for number, signal in enumerate(drawn):
            rows = _recording(signal, rng, begin + timedelta(minutes=5 * number))
            hall = f"hall {1 + number % 3}"
            spoilt = _spoilt(rows, number)
            writer.writerows([f"{day:%m%d}-{number:04d}", *row, hall] for row in spoilt)


def _recording(
    signal: Callable[[Signal, np.random.Generator], tuple[Signal, Signal]],
    rng: np.random.Generator,
    begin: datetime,
) -> list[list[str]]:
    """Record a machine: time, current and vibration, with the noise of sensors."""
    channels = signal(np.linspace(0, 1, STEPS), rng)
    heard = [rng.uniform(0.8, 1.2) * it + rng.normal(0, 0.08, STEPS) for it in channels]
    return [
        [(begin + timedelta(seconds=step)).isoformat(), f"{one:.4f}", f"{other:.4f}"]
        for step, (one, other) in enumerate(zip(*heard, strict=True))
    ]


def _spoilt(rows: list[list[str]], number: int) -> list[list[str]]:
    """Spoil a recording as sensors and clocks do, where its number is that of a way to."""
    if number == 7:
        return [[time, "0", "0"] for time, *_ in rows]
    if number == 11:
        return rows[:5]
    if number == 13:
        stood_still = [[rows[20][0], *values] for _, *values in rows[20:40]]
        return [*rows[:20], *stood_still, *rows[40:]]
    if number == 17:
        return [row if step % 2 else [row[0], "", ""] for step, row in enumerate(rows)]
    if number == 19:
        return [*rows[:40], *rows[80:]]
    return rows
