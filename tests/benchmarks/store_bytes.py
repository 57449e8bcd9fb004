"""The bytes of a store: of the demo's nights, and what a night of few new documents adds to it.

    python tests/benchmarks/store_bytes.py --out store_bytes.json

Four nights of the demo, and then its documents again in another store: most of them on a first
night, and 40 more on each of the nights that follow. Bytes do not depend on the machine, but for
some hundred of the Prefect database.
"""

import argparse
import json
import subprocess
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow.parquet as pq

from tests.benchmarks.golden import run_demo
from tests.benchmarks.speed_nights import NIGHTFOLD, bytes_of

N_NEW: Final = 40
"""Documents of a night after the first."""

N_NIGHTS: Final = 4
"""After the first."""

FIRST: Final = date(2026, 4, 1)


def texts_of(store: Path) -> list[str]:
    """Return the texts of a store's documents, each once, in the order of its nights."""
    files = sorted(store.glob("documents/feed=*/night=*/*.parquet"))
    found = (pq.ParquetFile(path).read(["text"])["text"].to_pylist() for path in files)
    return list(dict.fromkeys(text for texts in found for text in texts))


def run_night(store: Path, feed: Path, night: date, rows: list[tuple[int, str]]) -> None:
    """Run a night of some documents."""
    lines = (json.dumps({"id": f"d-{number}", "text": text}) for number, text in rows)
    feed.write_text("\n".join(lines), encoding="utf-8")
    words = [NIGHTFOLD, "run", feed, "--store", store, "--night", str(night)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def nights_of_few(folder: Path, texts: list[str]) -> list[dict[str, Any]]:
    """Return the bytes and files that each night adds to a store: the first, and those after it."""
    store, rows = folder / "store", list(enumerate(texts))
    first = len(rows) - N_NEW * N_NIGHTS
    cuts = [0, *range(first, len(rows) + 1, N_NEW)]
    found: list[dict[str, Any]] = []
    before, n_before = Counter[str](), 0
    for number, (begin, end) in enumerate(pairwise(cuts)):
        night = FIRST + timedelta(days=number)
        run_night(store, folder / "feed.jsonl", night, rows[begin:end])
        manifest = json.loads(next(store.glob(f"runs/*/night={night}/manifest.json")).read_bytes())
        there = Counter(bytes_of(store))
        n_files = sum(path.is_file() for path in store.rglob("*"))
        added = {name: there[name] - before[name] for name in there}
        found.append(
            {
                "documents": end - begin,
                "fit": manifest["fit"]["kind"],
                "files": n_files - n_before,
                "bytes": sum(added.values()),
                "by_folder": {name: size for name, size in added.items() if size},
            }
        )
        before, n_before = there, n_files
    return found


def main() -> None:
    """Run the nights, print and write what they keep."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        demo, few = Path(folder) / "demo", Path(folder) / "few"
        few.mkdir()
        run_demo(demo)
        sizes = bytes_of(demo)
        found = {
            "demo": {"bytes": sum(sizes.values()), "by_folder": sizes},
            "nights": nights_of_few(few, texts_of(demo)),
        }
    given.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
