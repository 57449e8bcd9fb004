"""Whole nights of very many texts: the first, the same again, and one of a hundredth that is new.

make bench-large-nights [DOCUMENTS=20000,1000000] [DEVICE=cpu] [ENCODER=FOLDER] [STORES=FOLDER]

Titles of StackOverflow, resampled beyond their number with a word left out and a word of another
title of the same label put in: 99 of 100 come on the first night, the rest on the next. Every night
is a run of the command, as a schedule starts it. Seconds are its own, with those of its server;
memory is the most that the process of the run held. With STORES given the stores stay, and a night
that was broken off goes on where it was.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pandas as pd

from tests.benchmarks.accelerator import short_documents
from tests.benchmarks.speed_embedding import SHORT
from tests.benchmarks.speed_table import table

FIRST, SECOND = "2026-03-01", "2026-03-02"
OF_A_HUNDRED: Final = 99
"""Documents of the first night."""

_HEAD: Final = (
    *("documents", "night", "processor s", "s per 1,000", "wall s", "peak memory MB"),
    "clusters",
)
_COMMAND: Final = (sys.executable, "-c", "from flows.cli.app import main; main()")


def write_feeds(source: Path, count: int, folder: Path) -> None:
    """Write the documents of both nights, a file each."""
    texts = short_documents(source, count).texts
    feed = pd.DataFrame({"id": [f"t{at:07d}" for at in range(count)], "text": texts})
    cut = count * OF_A_HUNDRED // 100
    folder.mkdir(parents=True, exist_ok=True)
    for night, part in ((FIRST, feed[:cut]), (SECOND, feed[cut:])):
        part.to_json(folder / f"{night}.jsonl", orient="records", lines=True)


def run(store: Path, feed: Path, night: str, config: Path) -> dict[str, float]:
    """Run a night; return its seconds and the most memory that its process held."""
    began = time.perf_counter()
    words = ("run", str(feed), "--store", str(store), "--night", night, "--config", str(config))
    process = subprocess.Popen([*_COMMAND, *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the night of {store} ended with {process.returncode}")
    return {
        "wall": time.perf_counter() - began,
        "processor": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1000,
    }


def told(store: Path, night: str) -> dict[str, Any]:
    """Return what the manifest of a night says of its stages and clusters."""
    path = next(store.glob(f"runs/feed=*/night={night}/manifest.json"))
    manifest = json.loads(path.read_bytes())
    return {
        "stages": manifest["run"]["stages"],
        "n_clusters": manifest["n_clusters"],
        "tables": {name: it["sha256"] for name, it in manifest["tables"].items()},
    }


def nights(source: Path, count: int, folder: Path, config: Path) -> list[dict[str, Any]]:
    """Run the nights of so many documents; those of a store that has them are the same again."""
    feed, store = folder / "feed", folder / "store"
    if not feed.exists():
        write_feeds(source, count, feed)
    found = []
    for name, night in (("first", FIRST), ("the same again", FIRST), ("1 % new", SECOND)):
        seconds = run(store, feed / f"{night}.jsonl", night, config)
        found.append({"documents": count, "night": name, **seconds, **told(store, night)})
        print(" | ".join(cells(found[-1])), flush=True)
    return found


def cells(night: dict[str, Any]) -> list[str]:
    """Return the cells of a night."""
    processor, n_documents = night["processor"], night["documents"]
    return [
        f"{n_documents:,}",
        night["night"],
        f"{processor:.1f}",
        f"{processor / n_documents * 1000:.2f}",
        f"{night['wall']:.1f}",
        f"{night['peak_mb']:,.0f}",
        str(night["n_clusters"]),
    ]


def stage_rows(found: list[dict[str, Any]]) -> list[list[str]]:
    """Return, for every stage, its processor seconds and its peak of memory in each first night."""
    columns = [
        {it["stage"]: it for it in night["stages"]} for night in found if night["night"] == "first"
    ]
    return [
        [
            name,
            *(f"{it[name]['processor_seconds']:.1f}" for it in columns),
            *(f"{it[name]['peak_memory_mb']:,.0f}" for it in columns),
        ]
        for name in columns[0]
    ]


def main() -> None:
    """Run the nights of every size, print their tables, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--documents", default="20000,1000000")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--encoder", default="")
    parser.add_argument("--stores", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    sizes = [int(it) for it in given.documents.split(",")]
    with TemporaryDirectory() as scratch:
        folder = given.stores or Path(scratch)
        config = Path(scratch) / "nightfold.toml"
        encoder = f"encoder = {json.dumps(given.encoder)}\n" if given.encoder else ""
        config.write_text(f'{encoder}[clustering]\ndevice = "{given.device}"\n', encoding="utf-8")
        source = given.data / SHORT
        found = [
            night for count in sizes for night in nights(source, count, folder / f"{count}", config)
        ]
    print("\n".join(table(_HEAD, [cells(it) for it in found])))
    head = ("stage", *(f"s of {it:,}" for it in sizes), *(f"MB of {it:,}" for it in sizes))
    print("\n".join(table(head, stage_rows(found))))
    given.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
