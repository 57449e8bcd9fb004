"""Embedding by one process, by two workers of Dask and by two of Ray: the same bytes, and how fast.

make bench-runners [DATA=FOLDER] [DOCUMENTS=20000] [ROUNDS=3] [OUT=runners.json]

Each round embeds the same titles in all three ways, one after the other, each in a process and a
store of its own, on one thread a worker. Seconds are taken twice: with the start of the workers and
the loading of the encoder, and of the texts after the first few chunks, when all of that is done.
Only on a machine that nobody else uses does the ratio of wall seconds say what workers bring; the
processor seconds of all processes say what they cost.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, Final

import pandas as pd
import psutil
import pyarrow as pa

from tasks.frame.mapper import InProcess
from tasks.frame.runner import mapper_for, worked_on_by
from tasks.frame.runner_settings import RunnerSettings
from tasks.store.embeddings import EmbeddingShelf
from tasks.vectors.chunks import Encoding, cut_into_chunks
from tasks.vectors.embed import encode_chunks
from tasks.vectors.encoder import EmbedSettings, encoder_ref
from tests.benchmarks.speed import processor
from validation.tables.stage_schemas import WINDOW_TEXTS

_WORKERS: Final = 2
_KINDS: Final = ("local", "dask", "ray")
_FIRST: Final = 4
"""Chunks after which all workers have started and have loaded the encoder: two for each."""


def measured(kind: str, texts: list[str], store: Path) -> dict[str, Any]:
    """Embed texts in one way."""
    settings = RunnerSettings(kind=kind, workers=0 if kind == "local" else _WORKERS)  # type: ignore[arg-type]
    found = EmbedSettings()
    how = Encoding(encoder_ref("all-MiniLM-L6-v2", found, "cpu"), found)
    shelf = EmbeddingShelf(store, how.encoder.name, how.encoder.digest)
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    rows = pa.table([digests, texts, [date(2026, 3, 1)] * len(texts)], schema=WINDOW_TEXTS)
    chunks = cut_into_chunks(rows, set(digests))
    started = time.perf_counter()
    marks: dict[int, tuple[float, float]] = {}

    def report(_: str, n_done: int, *__: Any) -> None:
        marks.setdefault(n_done, (time.perf_counter(), processor_seconds()))

    with worked_on_by(settings):
        mapper = InProcess() if kind == "local" else mapper_for(len(chunks))
        encode_chunks(shelf, chunks, how, mapper, report)
        ended = time.perf_counter(), processor_seconds()
    first = marks[chunks[_FIRST].n_before]
    return {
        "wall": ended[0] - started,
        "processor": ended[1],
        "wall_after_first": ended[0] - first[0],
        "processor_after_first": ended[1] - first[1],
        "digest": _digest(shelf),
        "kind_of_vectors": str(how.encoder.kind),
    }


def processor_seconds() -> float:
    """Return the processor seconds of this process and of all that it has started."""
    own = psutil.Process()
    times = [own.cpu_times()]
    for child in own.children(recursive=True):
        try:
            times.append(child.cpu_times())
        except psutil.Error:
            continue
    return sum(it.user + it.system for it in times)


def _digest(shelf: EmbeddingShelf) -> str:
    """Return the digest of the files of a shelf, names and bytes."""
    digest = hashlib.sha256()
    for part in shelf.parts():
        digest.update(part.name.encode() + part.read_bytes())
    return digest.hexdigest()[:16]


def _in_child(kind: str, texts: list[str], store: Path, out: Path) -> None:
    out.write_text(json.dumps(measured(kind, texts, store)), encoding="utf-8")


def rounds(texts: list[str], n_rounds: int) -> Iterator[dict[str, dict[str, Any]]]:
    """Yield what was measured of each way in each round."""
    context = multiprocessing.get_context("spawn")
    for _ in range(n_rounds):
        found = {}
        for kind in _KINDS:
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder) / "found.json"
                child = context.Process(target=_in_child, args=(kind, texts, Path(folder), out))
                child.start()
                child.join()
                found[kind] = json.loads(out.read_text(encoding="utf-8"))
            print(kind, {key: it for key, it in found[kind].items() if key != "kind_of_vectors"})
        yield found


def table(found: list[dict[str, dict[str, Any]]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown: medians over the rounds."""
    yield "| runner | wall s, with start | processor s, with start | wall s after it | processor s after it | times as fast after it | with start |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for kind in _KINDS:
        keys = ("wall", "processor", "wall_after_first", "processor_after_first")
        seconds = [f"{median(it[kind][key] for it in found):.1f}" for key in keys]
        ratios = [
            f"{median(it['local'][key] / it[kind][key] for it in found):.2f}"
            for key in ("wall_after_first", "wall")
        ]
        yield f"| {kind} | {' | '.join([*seconds, *ratios])} |"


def main() -> None:
    """Measure, print the table, and fail where the bytes differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    said = pd.read_parquet(given.data / "stackoverflow.parquet", columns=["text"])["text"]
    texts = list(dict.fromkeys(said.astype(str)))[: given.documents]
    found = list(rounds(texts, given.rounds))
    digests = {it[kind]["digest"] for it in found for kind in _KINDS}
    figures = {"processor": processor(), "documents": len(texts), "rounds": found}
    given.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print("\n".join(table(found)))
    print("the same bytes" if len(digests) == 1 else f"DIFFERENT BYTES: {sorted(digests)}")
    raise SystemExit(len(digests) != 1)


if __name__ == "__main__":
    main()
