"""Hostile rows in every format: nothing ends in a traceback, and every physical row is accounted for.

make bench-fuzz [ROWS=100000] [OUT=fuzz.json]

Files with quotation marks, line breaks, NUL, bytes that are no UTF-8, half surrogate pairs, huge
numbers, empty cells, foreign lines and half-written last ones go through the first stages of a
night. Each line of a CSV or of JSON lines must be in exactly one row, or blank; elements, records
and rows of sheets must be numbered without a gap; each row must be a document, or in `duplicates`,
`quarantine` or `withdrawn`; what nothing was wrong with must come out as it went in; and a file
that was cut as a whole must be refused by its name. It stops at the first that is not, with the
seed and the file. Two cores, a few minutes.
"""

import argparse
import gzip
import json
import logging
import time
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow.compute as pc

from tasks.preparing.check_prepared import Documents, check_prepared
from tasks.preparing.check_raw import check_raw
from tasks.preparing.checks import CheckSettings
from tasks.preparing.prepare import prepare
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.reading.formats.rows import Row
from tasks.reading.pieces import find_pieces, read_rows
from tasks.reading.raw_feed import IngestSettings, RawFeed, read_feed
from tasks.reading.sources.base import Piece
from tasks.reading.sources.errors import FeedError
from tasks.store.storage import Store, read_table
from tests.benchmarks.fuzz_files import MAKERS, File, Rows, zip_of
from validation.usual import UsualNight

NIGHT: Final = date(2026, 3, 1)
_ROWS_A_FILE: Final = 400
"""Enough for what only comes after the first hundred rows, and few enough for very many files."""

_INGEST: Final = IngestSettings(on_change="replace")
_CHECK: Final = CheckSettings(max_refused_share=1, max_without_text_share=1)
_PREPARE: Final = PrepareSettings()


class UnaccountedError(Exception):
    """A row that is nowhere, or twice; the message says which."""


def require(holds: bool, what: str) -> None:
    """Stop where something does not hold."""
    if not holds:
        raise UnaccountedError(what)


def check_file(store: Store, piece: Piece, file: File) -> int:
    """Check that a reader has every physical row of a file once; return how many rows it has."""
    rows = list(read_rows(store, piece, _INGEST))
    require(not file.is_cut, f"{piece.name} was cut, and is read")
    numbers = [row.number for row in rows]
    if file.n_rows is not None:
        wanted = range(1, file.n_rows + 1)
        odd = sorted(set(wanted).symmetric_difference(numbers))[:5]
        require(numbers == list(wanted), f"{piece.name} has rows twice, or not, or too many: {odd}")
    if file.lines is not None:
        _check_lines(piece.name, file.lines, rows)
    return len(rows)


def _check_lines(name: str, lines: list[bytes], rows: Iterable[Row]) -> None:
    taken = Counter(
        line for row in rows for line in range(row.line, row.line + max(1, row.n_lines))
    )
    twice = [line for line, n in taken.items() if n > 1]
    require(not twice, f"{name} has the lines {twice} in several rows")
    first = 2 if ".jsonl" not in name else 1
    for number, line in enumerate(lines[first - 1 :], start=first):
        is_blank = not line.decode(errors="backslashreplace").strip()
        require(is_blank or number in taken, f"{name} has line {number} in no row: {line!r}")


def check_night(store: Store, raw: RawFeed, good: dict[str, str]) -> None:
    """Check that every row that was read is in one place, and that good ones are as they were."""
    checked = check_raw.fn(store, raw, _CHECK, UsualNight())
    candidates = prepare.fn(store, checked, [], _PREPARE, "replace")
    bounds = _CHECK.document_bounds(_PREPARE.max_text_chars, UsualNight())
    found = check_prepared.fn(store, candidates, checked, bounds, None)
    rows = read_table(store, raw.rows, ["file", "row", "doc_id", "text"]).to_pylist()
    require(found.counts.read == len(rows), f"{found.counts} of {len(rows)} rows")
    _check_places(store, found, rows)
    texts = {row["doc_id"]: row["text"] for row in rows}
    for doc_id, text in good.items():
        was_read = texts.get(doc_id, "gone")
        require(was_read == text, f"{doc_id} was {text!r}, is {was_read!r}")


def _check_places(store: Store, found: Documents, rows: list[dict[str, Any]]) -> None:
    documents = read_table(store, found.tables["documents"], ["doc_id"])["doc_id"]
    ids = Counter(documents.to_pylist())
    require(all(n == 1 for n in ids.values()), f"documents of one id: {ids.most_common(3)}")
    left_out = Counter[tuple[str, int]]()
    for name in ("quarantine", "withdrawn", "duplicates"):
        table = read_table(store, found.tables[name])
        if name == "duplicates":
            # A text that is known is a document all the same.
            table = table.filter(pc.not_equal(table["kind"], "same_text"))
        left_out.update(zip(table["file"].to_pylist(), table["row"].to_pylist(), strict=True))
    kept = Counter[str]()
    for row in rows:
        place = (row["file"], row["row"])
        require(left_out[place] <= 1, f"{place} is left out {left_out[place]} times")
        if not left_out[place]:
            kept[row["doc_id"].strip()] += 1
    require(
        kept == ids, f"rows that are neither documents nor left out: {(kept - ids) or ids - kept}"
    )


def fuzz(seed: int, folder: Path) -> int:
    """Write, read and check a feed of every format; return how many rows were read."""
    rng, log = Random(seed), logging.getLogger()
    rows = Rows(rng)
    files = [maker(rng, rows, rng.randrange(2, _ROWS_A_FILE)) for maker in MAKERS]
    files = [_packed(file) if rng.random() < 0.2 else file for file in files]
    store, feed = Store(root=folder / "store", feed="fuzz", night=NIGHT), folder / "feed"
    feed.mkdir()
    for file in (it for it in files if it.is_cut):
        (feed / file.name).write_bytes(file.content)
        _require_refused(store, feed, file)
        (feed / file.name).unlink()
    whole = [file for file in files if not file.is_cut]
    archive, is_cut = zip_of(whole, rng)
    (feed / "all.zip").write_bytes(archive)
    if is_cut:
        _require_refused(store, feed, File("all.zip", archive, is_cut=True))
        (feed / "all.zip").unlink()
    if is_cut or rng.random() < 0.5:
        (feed / "all.zip").unlink(missing_ok=True)
        for file in whole:
            (feed / file.name).write_bytes(file.content)
    found = find_pieces(store, str(feed))
    by_name = {file.name: file for file in whole}
    pieces = {piece.name.rpartition("/")[2]: piece for piece in found.pieces}
    require(pieces.keys() == by_name.keys(), f"the pieces are {list(pieces)}")
    n_rows = sum(check_file(store, piece, by_name[name]) for name, piece in pieces.items())
    raw = read_feed(store, found, _INGEST)
    require(raw.rows.rows == n_rows, f"{raw.rows.rows} of {n_rows} rows are in the table")
    check_night(store, raw, {doc_id: text for file in whole for doc_id, text in file.good.items()})
    log.debug("seed %d: %d rows", seed, n_rows)
    return n_rows


def _packed(file: File) -> File:
    content = gzip.compress(file.content)
    return File(f"{file.name}.gz", content, file.lines, file.n_rows, file.is_cut, file.good)


def _require_refused(store: Store, feed: Path, file: File) -> None:
    """Check that a file that was cut is refused by its name, in a sentence."""
    try:
        read_feed(store, find_pieces(store, str(feed)), _INGEST)
    except FeedError as error:
        require(file.name in str(error), f"the error does not name {file.name}: {error}")
        return
    raise UnaccountedError(f"{file.name} was cut, and nobody says so")


def main() -> None:
    """Fuzz until enough rows were read; fail on the first that is not accounted for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    n_rows, seed, before = 0, given.seed, time.process_time()
    while n_rows < given.rows:
        with TemporaryDirectory() as folder:
            try:
                n_rows += fuzz(seed, Path(folder))
            except Exception as error:
                error.add_note(f"seed {seed}, after {n_rows:,} rows: --seed {seed} --rows 1")
                raise
        seed += 1
    seconds = time.process_time() - before
    n_files = (seed - given.seed) * len(MAKERS)
    print(f"{n_rows:,} rows of {n_files:,} files, all accounted for, in {seconds:.0f} s")
    report = {"rows": n_rows, "files": n_files, "processor_seconds": seconds}
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
