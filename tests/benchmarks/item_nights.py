"""What a first night of images or of time series costs: processor seconds and memory.

make bench-item-nights [KINDS=images,series,series-rows] [ITEMS=20000] [SIDE=64] [OUT=item_nights.json]

Images of 64 × 64, or of another side at which they are kept, too, are the shapes of the demo, as
files; series of 500 steps are its machine signals,
as Parquet with a list for each series, or (series-rows) as CSV with a row for each step. Processor
seconds are those of the command and its server; the peak is that of the largest process. The first
grow where other programs share the cores. Exit code 1 where a night takes more than is allowed.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from PIL import Image

from flows.cli.demo.drawn_images import OUTLINES, draw
from flows.cli.demo.drawn_series import KINDS

STEPS: Final = 500
ALLOWED_SECONDS: Final = 600.0
ALLOWED_MB: Final = 4_000.0
_STEPS_A_PART: Final = 1_000_000

NIGHTFOLD: Final = Path(sys.executable).with_name("nightfold")


class Cost(NamedTuple):
    """What a command took, with its children."""

    processor_seconds: float
    peak_mb: float


def draw_images(folder: Path, n_images: int, side: int) -> Path:
    """Write shapes, as many of each kind; noise makes their files as large as those of cameras."""
    rng, kinds = np.random.default_rng(0), list(OUTLINES)
    place = folder / "images"
    place.mkdir()
    for number in range(n_images):
        drawn = draw(kinds[number % len(kinds)], rng).resize((side, side))
        pixels = np.asarray(drawn) + rng.normal(0, 6, (side, side, 3))
        made = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        made.save(place / f"{number:06d}.png", compress_level=1)
    return place


def signals(n_series: int) -> np.ndarray:
    """Return machine signals, shape (n_series, 2, STEPS), as many of each kind."""
    rng, kinds, time = np.random.default_rng(0), list(KINDS.values()), np.linspace(0, 1, STEPS)
    found = np.empty((n_series, 2, STEPS))
    for number, each in enumerate(found):
        each[:] = kinds[number % len(kinds)](time, rng)
    return found + rng.normal(0, 0.15, found.shape)


def write_lists(folder: Path, n_series: int, _: int) -> Path:
    """Write Parquet with a row for each series."""
    found = signals(n_series)
    columns = {
        name: pa.FixedSizeListArray.from_arrays(found[:, at].ravel(), STEPS)
        for at, name in enumerate(("current", "vibration"))
    }
    ids = [f"r{number:06d}" for number in range(n_series)]
    path = folder / "series.parquet"
    pq.write_table(pa.table({"recording": ids, **columns}), path)
    return path


def write_rows(folder: Path, n_series: int, _: int) -> Path:
    """Write CSV with a row for each step."""
    found = np.round(signals(n_series)[:, 0], 4)
    at_once = max(1, _STEPS_A_PART // STEPS)
    schema = pa.schema(
        [("recording", pa.string()), ("time", pa.int64()), ("current", pa.float64())]
    )
    path = folder / "series.csv"
    with pyarrow.csv.CSVWriter(path, schema) as writer:
        for start in range(0, n_series, at_once):
            part = found[start : start + at_once]
            ids = np.repeat([f"r{start + it:06d}" for it in range(len(part))], STEPS)
            times = np.tile(np.arange(STEPS), len(part))
            writer.write(pa.table([ids, times, part.ravel()], schema=schema))
    return path


FEEDS: Final[Mapping[str, Callable[[Path, int, int], Path]]] = {
    "images": draw_images,
    "series": write_lists,
    "series-rows": write_rows,
}


def cost_of(*words: str | Path) -> Cost:
    """Run a command in a process of its own, so that its peak is not that of another."""
    told = "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
    told += "it = resource.getrusage(resource.RUSAGE_CHILDREN); "
    told += "print(code, it.ru_utime + it.ru_stime, it.ru_maxrss, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", told, *words], check=True, capture_output=True, text=True
    )
    code, seconds, peak = done.stderr.splitlines()[-1].split()
    if int(code):
        raise SystemExit(f"{' '.join(map(str, words))} failed:\n{done.stdout}{done.stderr}")
    return Cost(round(float(seconds), 1), round(float(peak) / 1000, 1))


def main() -> None:
    """Measure the nights, print and write what they cost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kinds", default=",".join(FEEDS), help="comma-separated")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--side", type=int, default=64, help="of images, in pixels")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    os.environ["NIGHTFOLD_IMAGES__SIDE"] = str(given.side)
    found: dict[str, dict[str, float]] = {}
    print("| first night of | processor seconds | peak, MB |\n|---|---:|---:|", flush=True)
    for kind in given.kinds.split(","):
        with TemporaryDirectory() as folder:
            feed = FEEDS[kind](Path(folder), given.items, given.side)
            modality = "images" if kind == "images" else "series"
            words = ("run", feed, "--store", Path(folder) / "store", "--modality", modality)
            cost = cost_of(NIGHTFOLD, *words)
        print(
            f"| {given.items:,} {kind} | {cost.processor_seconds} | {cost.peak_mb:,} |", flush=True
        )
        found[kind] = cost._asdict()
        given.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    seconds, peaks = (max(it[part] for it in found.values()) for part in Cost._fields)
    sys.exit(int(seconds > ALLOWED_SECONDS or peaks > ALLOWED_MB))


if __name__ == "__main__":
    main()
