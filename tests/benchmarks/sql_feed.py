"""A PostgreSQL feed over some nights, each killed on its way: is any row read twice, is any lost?

python tests/benchmarks/sql_feed.py --out sql_feed.json [--rows 100000] [--nights 3]

Rows come while the nights run: a part of a night's rows before its run, the rest between the kill and the
run that is let be. Fifty rows share a time, and the parts end in the middle of fifty, so that the cursor
stops among rows of one value, of which some are still to come. The texts are few and the labels those of
k-means: what is asked is which rows are read. Prints a table, writes JSON; exit code 1 if a row is in no
night's documents, or in two.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg
import pyarrow.parquet as pq
import sqlalchemy as sa
from soak import prefect_server

from tests.deployments.postgres_server import postgres_server

FIRST: Final = date(2026, 3, 1)
PER_MOMENT: Final = 50
PARTS: Final = 2
KILLED_IN: Final = ("find feed", "prepare", "publish")
"""The nights in turn: while rows come in, after that, and before anything is published."""

THINGS: Final = ("the kettle", "the parcel", "my password", "the invoice", "the battery", "the app")
FAULTS: Final = ("leaks", "is late", "is lost", "is wrong", "dies at noon", "stalls", "is too loud")
OPENINGS: Final = ("Sadly", "Well,", "Again", "Honestly,", "To be fair,", "Sorry, but", "Hm,")

_CONTEXT: Final = multiprocessing.get_context("forkserver")


def text_of(number: int) -> str:
    """Give one of a few hundred texts."""
    opening, rest = OPENINGS[number % len(OPENINGS)], number // len(OPENINGS)
    return f"{opening} {THINGS[rest % len(THINGS)]} {FAULTS[rest // len(THINGS) % len(FAULTS)]}."


def insert(url: str, first: int, last: int) -> None:
    """Insert rows; so many share a moment."""
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) - timedelta(days=1)
    with (
        psycopg.connect(url, autocommit=True) as there,
        there.cursor().copy("copy reviews from stdin") as copy,
    ):
        for number in range(first, last):
            moment = start + timedelta(milliseconds=number // PER_MOMENT)
            copy.write_row((number, text_of(number), moment))


def run(config: dict[str, Any], log: Path) -> None:
    """Run a night in this process."""
    from flows.config import NightlyConfig
    from flows.nightly import nightly

    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    nightly(NightlyConfig.model_validate(config))


def started(config: dict[str, Any], log: Path) -> ForkServerProcess:
    log.write_bytes(b"")
    process = _CONTEXT.Process(target=run, args=(config, log))
    process.start()
    return process


def killed(config: dict[str, Any], log: Path, stage: str) -> int | None:
    """Run a night and kill it just after a stage has begun; give the exit code."""
    process = started(config, log)
    while process.is_alive() and f" {stage}: started" not in log.read_text(errors="replace"):
        time.sleep(0.02)
    time.sleep(0.1)
    process.kill()
    process.join()
    return process.exitcode


def measured(folder: Path, url: str, n_rows: int, n_nights: int) -> dict[str, Any]:
    """Run the nights, and count in how many of them every row is."""
    with psycopg.connect(url, autocommit=True) as there:
        there.execute("create table reviews (id bigint, text text, created_at timestamptz)")
    parsed, log = sa.make_url(url), folder / "log"
    os.environ["NIGHTFOLD_SQL_PASSWORD"] = str(parsed.password)
    # Not through `set`, for which None is no value.
    feed = parsed._replace(password=None).render_as_string()
    cuts = [n_rows * part // (n_nights * PARTS) for part in range(n_nights * PARTS + 1)]
    kills, seconds = 0, []
    for night in range(n_nights):
        config = {
            "feed": feed,
            "store": str(folder / "store"),
            "night": str(FIRST + timedelta(days=night)),
            "clustering": {"estimator": "k-means", "n_clusters": 6},
            "sql": {"table": "reviews", "since": "created_at"},
        }
        before, middle, after = cuts[night * PARTS : night * PARTS + 3]
        insert(url, before, middle)
        kills += killed(config, log, KILLED_IN[night % len(KILLED_IN)]) == -signal.SIGKILL
        insert(url, middle, after)
        began = time.monotonic()
        process = started(config, log)
        process.join()
        if process.exitcode:
            raise RuntimeError(log.read_text(errors="replace")[-4000:])
        seconds.append(round(time.monotonic() - began, 1))
    return counted(folder / "store", n_rows) | {"kills": kills, "seconds": seconds}


def counted(store: Path, n_rows: int) -> dict[str, Any]:
    """Count in how many nights each row is a document, and what the nights say that they read."""
    found: Counter[str] = Counter()
    for path in sorted((store / "documents").rglob("*.parquet")):
        found.update(
            pq.read_table(path, columns=["doc_id"], partitioning=None)["doc_id"].to_pylist()
        )
    paths = sorted((store / "runs").rglob("manifest.json"))
    manifests = [json.loads(path.read_text()) for path in paths]
    return {
        "rows": n_rows,
        "read": [it["counts"]["read"] for it in manifests],
        "stopped_at": [it["source"]["state"]["value"] for it in manifests],
        "lost": n_rows - len(found),
        "twice": sum(count > 1 for count in found.values()),
        "peak_memory_mb_of_find_feed": [
            stage["peak_memory_mb"]
            for it in manifests
            for stage in it["run"]["stages"]
            if stage["stage"] == "find feed"
        ],
    }


def main() -> None:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--nights", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("sql_feed.json"))
    given = parser.parse_args()
    with TemporaryDirectory() as name, postgres_server() as url, prefect_server(Path(name)):
        _CONTEXT.set_forkserver_preload(["flows.nightly", "great_expectations"])
        found = measured(Path(name), url, given.rows, given.nights)
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    lines = ["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in found.items())]
    sys.stdout.write("\n".join(lines) + "\n")
    is_sound = not found["lost"] and not found["twice"] and found["kills"] == given.nights
    sys.exit(0 if is_sound and sum(found["read"]) == given.rows else 1)


if __name__ == "__main__":
    main()
