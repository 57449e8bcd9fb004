"""What a night costs besides its work: start-up, an unchanged night, and the bytes of the store.

And what it takes only to load what a night loads, one after the other: no night costs less.

    python tests/benchmarks/speed_nights.py --out speed_nights.json

Processor seconds are those of the command and its server. They grow where other programs share the
cores: compare two versions side by side, on the same machine at the same time.
"""

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tasks.store.history import read_history
from tasks.store.manifests import read_object, require_known_format
from tasks.store.sealed import seal
from tasks.store.storage import Store

SAMPLE: Final = Path(__file__).parents[2] / "flows" / "sample" / "night-1" / "tickets.csv"
N_DOCUMENTS: Final = 100
HISTORIES: Final = (10, 100, 1_000)
"""Numbers of earlier nights."""

FIRST: Final = date(2020, 1, 1)
NIGHTFOLD: Final = Path(sys.executable).with_name("nightfold")


LOADED: Final = {
    "Prefect": "import prefect",
    "the flow, pandas": "import flows.nightly",
    "Great Expectations": "import validation.run",
    "scikit-learn": "import sklearn.cluster, sklearn.feature_extraction.text",
    "torch": "import torch",
    "OpenVINO": "import openvino",
}
"""What a run loads, in this order: each without what those before it have loaded."""

SERVER: Final = "import uvicorn; from prefect.server.api.server import create_app"

AS_COMMANDS_DO: Final = """
import atexit, gc
gc.set_threshold(50_000)
atexit.register(gc.freeze)
from flows.prefect_home.environment import set_environment
set_environment()
"""


def write_feed(path: Path) -> None:
    """Write the first documents of the sample as JSON lines."""
    with SAMPLE.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["body"]][:N_DOCUMENTS]
    lines = [json.dumps({"id": f"t-{i}", "text": row["body"]}) for i, row in enumerate(rows)]
    path.write_text("\n".join(lines), encoding="utf-8")


def seconds_of(*words: str | Path, program: str | Path = NIGHTFOLD) -> float:
    """Run a command; return the processor seconds of it and of its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def seconds_to_load() -> dict[str, float]:
    """Return the processor seconds to load each part of a run, and those of its server."""

    def of(code: str) -> float:
        words = ("-c", AS_COMMANDS_DO + code)
        return statistics.median(seconds_of(*words, program=sys.executable) for _ in range(3))

    steps = ["", *LOADED.values()]
    whole = [of("\n".join(steps[: n + 1])) for n in range(len(steps))]
    found = {
        name: after - before for name, (before, after) in zip(LOADED, pairwise(whole), strict=True)
    }
    return {name: round(it, 2) for name, it in (found | {"Prefect's server": of(SERVER)}).items()}


def seconds_to_read_history(store: Path, folder: Path) -> dict[str, float]:
    """Return the processor seconds that a night takes to read what the nights before it are.

    They are copies of the manifest of a store's only night.
    """
    manifest = next(store.glob("runs/feed=*/night=*/manifest.json"))
    content = read_object(manifest, "")
    found = {}
    for n_nights in HISTORIES:
        root = folder / f"{n_nights}-nights"
        for number in range(n_nights):
            night = str(FIRST + timedelta(days=number))
            target = root / "runs" / f"feed={content['feed']}" / f"night={night}" / manifest.name
            target.parent.mkdir(parents=True)
            target.write_bytes(seal(content | {"night": night}))
        tonight = Store(root=root, feed=content["feed"], night=FIRST + timedelta(days=n_nights))
        before = time.process_time()
        require_known_format(root)
        read_history(tonight)
        found[f"{n_nights} nights"] = round(time.process_time() - before, 3)
    return found


def bytes_of(store: Path) -> dict[str, int]:
    """Return how many bytes each folder of a store holds; those of `state` one by one."""
    sizes: Counter[str] = Counter()
    for path in store.rglob("*"):
        if path.is_file():
            parts = path.relative_to(store).parts
            sizes["/".join(parts[: 2 if parts[0] == "state" else 1])] += path.stat().st_size
    return dict(sizes.most_common())


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        feed, store = Path(folder) / "feed.jsonl", Path(folder) / "store"
        write_feed(feed)
        night = ("run", feed, "--night", "2026-03-01", "--store", store)
        os.environ["XDG_CACHE_HOME"] = str(Path(folder) / "cache")
        seconds = {
            "--help": seconds_of("--help"),
            f"run, {N_DOCUMENTS} documents, a new machine": seconds_of(*night[:-1], f"{store}-0"),
            f"run, {N_DOCUMENTS} documents, a new store": seconds_of(*night),
            "the same night again": seconds_of(*night),
            "clusters": seconds_of("clusters", "--store", store),
        }
        found = {
            "processor_seconds": seconds,
            "processor_seconds_to_load": seconds_to_load(),
            "processor_seconds_to_read_history": seconds_to_read_history(store, Path(folder)),
            "bytes": bytes_of(store),
        }
    given.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
