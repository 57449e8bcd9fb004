"""How many short rows a second are read, checked and prepared, and how much memory that takes.

make bench-rows [ROWS=1000000] [OUT=rows.json]

A feed of JSON lines with made-up texts of nine words goes through the work of the first stages, in
one process on one thread. Rows per processor second of each, and the peak memory after it. The
libraries are loaded before: on a million rows they do not count. Exit code 1 if all together are
slower than 20,000 rows a second. Says nothing on a machine that others use.
"""

import argparse
import gc
import json
import logging
import random
import resource
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tasks.preparing.candidates import AcceptedRows, plan_rows, prepared_parts
from tasks.preparing.checks import judge_prepared, judge_raw
from tasks.preparing.columns.known_columns import Known
from tasks.preparing.keep import keep_parts
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.preparing.seen import Seen
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, RawFeed, read_feed
from tasks.store.storage import Ref, Store, read_batches
from validation.limits import PreparedLimits, RawLimits

WANTED: Final = 20_000
NIGHT: Final = date(2026, 3, 1)
_WORDS: Final = [f"word{number}" for number in range(500)]
# As the command line does: see `flows/cli/app.py`.
_OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000
LIBRARIES: Final = ("great_expectations", "ftfy", "selectolax.lexbor", "validation.run")


def write_feed(path: Path, n_rows: int) -> None:
    """Write a feed of texts that are all different."""
    rng = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for number in range(n_rows):
            text = f"{' '.join(rng.choices(_WORDS, k=8))} {number}"
            row = {"id": f"d{number}", "text": text, "date": "2026-02-20T10:00:00Z", "stars": 4}
            file.write(json.dumps(row) + "\n")


class Timer:
    """Measures steps, one after the other."""

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self.steps: dict[str, dict[str, float]] = {}

    def __call__(self, name: str, work: Callable[[], Any]) -> Any:
        before = time.process_time()
        result = work()
        seconds = time.process_time() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        self.steps[name] = {"processor_seconds": seconds, "peak_mb": peak}
        print(f"{name:15} {seconds:7.1f} s {self.n_rows / seconds:12,.0f} rows/s {peak:8,.0f} MB")
        return result

    def rows_a_second(self) -> float:
        """Return the rows a second of all steps together."""
        return self.n_rows / sum(step["processor_seconds"] for step in self.steps.values())


def measure(n_rows: int, folder: Path) -> Timer:
    """Take a feed through the first stages."""
    write_feed(folder / "feed.jsonl", n_rows)
    store, measured = Store(root=folder / "store", feed="rows", night=NIGHT), Timer(n_rows)
    raw = measured(
        "ingest",
        lambda: read_feed(store, find_pieces(store, str(folder / "feed.jsonl")), IngestSettings()),
    )
    prepare_and_check(store, raw, measured)
    return measured


def prepare_and_check(store: Store, raw: RawFeed, measured: Timer) -> Ref:
    """Check the rows that were read, make documents of them, and check these; return them."""
    batches = partial(read_batches, store, raw.rows)
    measured("check raw", lambda: judge_raw(batches, RawLimits(night=NIGHT)))
    rows, settings = (
        AcceptedRows(batches, set(), raw.columns, raw.metadata_types),
        PrepareSettings(),
    )

    def prepare() -> Any:
        plan = plan_rows(rows, Known([], {}), settings)
        return keep_parts(
            store, "rows", plan.schemas(), prepared_parts(plan, Seen(NIGHT), settings)
        )

    documents: Ref = measured("prepare", prepare)["candidates"]
    candidates = partial(read_batches, store, documents)
    limits = PreparedLimits(night=NIGHT, max_chars=10_000, n_read=raw.rows.rows, n_refused_before=0)
    measured("check prepared", lambda: judge_prepared(candidates, batches, limits))
    return documents


def main() -> None:
    """Measure, write the figures, and fail where they are below what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    for library in LIBRARIES:
        import_module(library)
    with TemporaryDirectory() as folder:
        measured = measure(given.rows, Path(folder))
    found = measured.rows_a_second()
    print(f"{'all':15} {found:34,.0f} rows/s")
    report = {"rows": given.rows, "rows_a_second": found, "steps": measured.steps}
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(int(found < WANTED))


if __name__ == "__main__":
    main()
