"""The same night on an idle machine and beside busy loops: what every stage costs, and the same bits.

make bench-threads [DATA=FILE.parquet] [DOCUMENTS=20000] [OUT=threads.json]

A night of so many documents runs twice, each time in a process and a store of its own: first as it
is, then beside processes that do nothing but keep the cores busy. The texts are those of a Parquet
file with a column ``text``, or made up. Seconds and processor seconds are those that the manifests
tell. Exit code 1 if the busy night took more than 1.3 times the processor seconds of the idle one,
or if anything but the part ``run`` of the manifest differs. Says nothing on a machine that others use.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pandas as pd

NIGHT: Final = "2026-01-01"
MOST_RATIO: Final = 1.3
_RUN: Final = "from flows.cli.app import main; main()"
_TOPICS: Final = 20
_WORDS_OF_A_TOPIC: Final = 40
_COMMON_WORDS: Final = 400
_STAGES_OF_MODELS: Final = ("embed", "views", "pretrain", "refine", "evaluate")

Night = dict[str, Any]


def texts_of(data: Path | None, count: int) -> list[str]:
    """Take texts from a file, in random order, or make them up."""
    if data is None:
        return list(made_up(count))
    found = pd.read_parquet(data, columns=["text"])["text"].drop_duplicates()
    if len(found) < count:
        raise SystemExit(f"{data} must hold {count:,} texts, got {len(found):,}")
    texts: list[str] = found.sample(count, random_state=0).tolist()
    return texts


def made_up(count: int) -> Iterator[str]:
    """Make texts of ten to forty words, a third of them those of a topic."""
    rng = np.random.default_rng(0)
    common = [f"word{number}" for number in range(_COMMON_WORDS)]
    for number in range(count):
        topic = rng.integers(_TOPICS)
        own = [f"topic{topic}term{n}" for n in rng.integers(_WORDS_OF_A_TOPIC, size=8)]
        words = [*own, *rng.choice(common, rng.integers(2, 32)), f"number{number}"]
        yield " ".join(rng.permutation(words))


def write_feed(texts: Sequence[str], path: Path) -> None:
    """Write a feed of JSONL."""
    lines = (json.dumps({"id": f"d{n}", "text": text}) for n, text in enumerate(texts))
    path.write_text("\n".join(lines), encoding="utf-8")


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keep so many processes busy."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def run_night(feed: Path, store: Path) -> Night:
    """Run the night and read its manifest."""
    words = ["run", str(feed), "--store", str(store), "--night", NIGHT]
    subprocess.run([sys.executable, "-c", _RUN, *words], check=True, stdout=subprocess.DEVNULL)
    manifest: Night = json.loads(next(store.glob("runs/*/*/manifest.json")).read_text("utf-8"))
    return manifest


def costs(night: Night) -> dict[str, dict[str, float]]:
    """Return stage → seconds and processor seconds."""
    return {
        record["stage"]: {name: record[name] for name in ("seconds", "processor_seconds")}
        for record in night["run"]["stages"]
    }


def total(night: Night, measure: str) -> float:
    """Add up a measure over the stages."""
    return float(sum(cost[measure] for cost in costs(night).values()))


def lines(idle: Night, busy: Night) -> Iterator[str]:
    """Lay out both nights as a table."""
    yield "| stage | s, idle | s, busy | processor s, idle | processor s, busy |"
    yield "|---|---:|---:|---:|---:|"
    before, after = costs(idle), costs(busy)
    for name in _STAGES_OF_MODELS:
        cells = [
            side[name][measure]
            for measure in ("seconds", "processor_seconds")
            for side in (before, after)
        ]
        yield f"| {name} | {' | '.join(f'{cell:.1f}' for cell in cells)} |"
    cells = [
        total(side, measure)
        for measure in ("seconds", "processor_seconds")
        for side in (idle, busy)
    ]
    yield f"| all stages | {' | '.join(f'{cell:.1f}' for cell in cells)} |"


def is_same(idle: Night, busy: Night) -> bool:
    """Compare all that a manifest says but for the run itself."""
    # The digest covers the part on the run.
    left_out = {"run": None, "digest": None}
    return idle | left_out == busy | left_out


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="Parquet file with a column `text`")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--loops", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("threads.json"))
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        feed = Path(folder) / "feed.jsonl"
        write_feed(texts_of(options.data, options.documents), feed)
        idle = run_night(feed, Path(folder) / "idle")
        with busy_loops(options.loops):
            busy = run_night(feed, Path(folder) / "busy")
    print(*lines(idle, busy), sep="\n")
    ratio = total(busy, "processor_seconds") / total(idle, "processor_seconds")
    found = {"documents": options.documents, "ratio": ratio, "same": is_same(idle, busy)}
    options.out.write_text(
        json.dumps(found | {"idle": costs(idle), "busy": costs(busy)}, indent=1), encoding="utf-8"
    )
    print(f"\nprocessor seconds, busy beside idle: {ratio:.2f}; the same manifest: {found['same']}")
    if ratio > MOST_RATIO or not found["same"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
