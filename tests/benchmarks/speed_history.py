"""What a night costs after how many nights: a few documents each, on one store, in one process.

    python tests/benchmarks/speed_history.py --nights 60 --out speed_history.json

Processor seconds of the process that runs the nights, not of its server. Full fits are left out: a
night that goes on from the last one is what a history could slow down.
"""

import argparse
import cProfile
import json
import pstats
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any, Final

from flows.prefect_home.environment import set_environment

FIRST: Final = date(2026, 1, 1)
N_DOCUMENTS: Final = 20
SHOWN: Final = 5
"""Nights whose mean is one figure: one alone says what else the machine did."""


def write_feed(path: Path, night: int) -> None:
    """Write a night's documents: three things, told anew."""
    things = ("the battery dies", "the parcel came late", "the coffee machine leaks")
    rows = [
        {"id": f"n{night}-{it}", "text": f"{things[it % 3]}, order {night * N_DOCUMENTS + it}"}
        for it in range(N_DOCUMENTS)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def config_of(folder: Path, night: int) -> dict[str, Any]:
    """Configure a night of a short window, whose model stays."""
    return {
        "feed": str(folder / "feed.jsonl"),
        "store": str(folder / "store"),
        "night": str(FIRST + timedelta(days=night)),
        "window_days": 3,
        "clustering": {"estimator": "k-means", "n_clusters": 3},
        "refit": {"every_nights": 1_000, "max_new_share": 1.0},
    }


def seconds_by_night(folder: Path, n_nights: int, profile: Path | None) -> list[float]:
    """Run nights one after the other; return the processor seconds of each."""
    from flows.cli.runs import prepare_runs

    run_night = prepare_runs(folder / "store", False, print)
    from flows.config import NightlyConfig

    seconds = []
    for night in range(n_nights):
        write_feed(folder / "feed.jsonl", night)
        config = NightlyConfig.model_validate(config_of(folder, night))
        profiler = cProfile.Profile() if profile and night == n_nights - 1 else None
        before = time.process_time()
        if profiler:
            profiler.runcall(run_night, config)
        else:
            run_night(config)
        seconds.append(round(time.process_time() - before, 3))
        if profiler:
            profiler.dump_stats(str(profile))
            pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)
    return seconds


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nights", type=int, default=60)
    parser.add_argument("--profile", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    set_environment()
    with TemporaryDirectory() as folder:
        seconds = seconds_by_night(Path(folder), given.nights, given.profile)
    ends = range(2 * SHOWN, given.nights + 1, 2 * SHOWN)
    found = {
        f"nights {end - SHOWN + 1} to {end}": round(mean(seconds[end - SHOWN : end]), 3)
        for end in ends
    }
    given.out.write_text(json.dumps(found | {"every night": seconds}, indent=1), encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
