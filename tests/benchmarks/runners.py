"""Embedding by one process, by two workers of Dask and by two of Ray: the same bytes, and how fast.

make bench-runners [DATA=FOLDER] [DOCUMENTS=20000] [ROUNDS=3] [OUT=runners.json]

Each round embeds the same titles in all three ways, one after the other, each in a process and a
store of its own, on one thread a worker. Seconds are those of the chunks after the first four: by then
all workers have started and have loaded the encoder. Only on a machine that nobody else uses does the
ratio of wall seconds say what workers bring. By processor seconds it is that of one process to what
two workers would take with a core for each: half of all seconds, or those of the busiest process.
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

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa

from tasks.frame.mapper import InProcess, Mapper
from tasks.frame.runner import mapper_for, worked_on_by
from tasks.frame.runner_settings import RunnerSettings
from tasks.store.embeddings import EmbeddingShelf
from tasks.vectors.chunks import Chunk, Encoding, cut_into_chunks
from tasks.vectors.embed import encode_chunks
from tasks.vectors.encoder import EmbedSettings, encoder_ref
from tests.benchmarks.speed import processor
from validation.tables.stage_schemas import WINDOW_TEXTS

_WORKERS: Final = 2
_KINDS: Final = ("local", "dask", "ray")
_DRAWN: Final = 40
"""Chunks that are handed out and saved, and not encoded."""
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
    chunks = cut_into_chunks(rows, set(digests), how.n_together())
    marks: dict[int, tuple[float, dict[int, float]]] = {}
    started = time.perf_counter()

    def report(_: str, n_done: int, *__: Any) -> None:
        if n_done in (0, chunks[_FIRST].n_before):
            marks.setdefault(n_done, (time.perf_counter(), processor_seconds()))

    with worked_on_by(settings):
        mapper = InProcess() if kind == "local" else mapper_for(len(chunks))
        encode_chunks(shelf, chunks, how, mapper, report)
        ended, spent = time.perf_counter(), processor_seconds()
        own = own_seconds(mapper, EmbeddingShelf(store, "drawn", how.encoder.digest))
    first, before = marks[chunks[_FIRST].n_before]
    later = {pid: seconds - before.get(pid, 0.0) for pid, seconds in spent.items()}
    return {
        "wall": ended - started,
        "processor": sum(spent.values()),
        "wall_later": ended - first,
        "processor_later": sum(later.values()),
        "busiest_later": max(later.values()),
        "own_ms_a_chunk": 1000 * own,
        "chunks": len(chunks),
        "digest": _digest(shelf),
        "vectors": str(how.encoder.kind),
    }


def own_seconds(mapper: Mapper, shelf: EmbeddingShelf) -> float:
    """Return the processor seconds of this process for a chunk that it hands out and saves."""
    texts = {f"{n:064x}": "a text of about fifty characters, as titles are" for n in range(1024)}
    chunks = [Chunk(texts, number) for number in range(_DRAWN)]
    began = time.process_time()
    for vectors in mapper.map(drawn, chunks):
        shelf.add(list(texts), vectors)
    spent = time.process_time() - began
    if mapper.is_here:
        began = time.process_time()
        for chunk in chunks:
            drawn(chunk)
        spent -= time.process_time() - began
    return spent / _DRAWN


def drawn(chunk: Chunk) -> np.ndarray:
    """Draw the vectors of a chunk, which takes next to no time."""
    rng = np.random.default_rng(chunk.n_before)
    return rng.standard_normal((len(chunk.texts), 384), dtype=np.float32)


def processor_seconds() -> dict[int, float]:
    """Return the processor seconds of this process and of all that it has started, by their ids."""
    own = psutil.Process()
    found = {}
    for process in (own, *own.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        found[process.pid] = times.user + times.system
    return found


def _digest(shelf: EmbeddingShelf) -> str:
    """Return the digest of the files of a shelf, names and bytes."""
    digest = hashlib.sha256()
    for part in shelf.parts():
        digest.update(part.name.encode() + part.read_bytes())
    return digest.hexdigest()[:16]


def _in_child(kind: str, texts: list[str], store: Path, out: Path) -> None:
    # By this name workers can import what they are to do; that of the program is not theirs.
    from tests.benchmarks import runners

    out.write_text(json.dumps(runners.measured(kind, texts, store)), encoding="utf-8")


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
                if child.exitcode:
                    raise SystemExit(f"the process of {kind} ended with {child.exitcode}")
                found[kind] = json.loads(out.read_text(encoding="utf-8"))
            print(kind, found[kind])
        yield found


def table(found: list[dict[str, dict[str, Any]]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown: medians over the rounds."""
    yield "| runner | wall s | processor s | of the busiest process | times as fast | times as fast by processor s | with start | own ms a chunk |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for kind in _KINDS:
        seconds = [
            f"{median(it[kind][key] for it in found):.1f}"
            for key in ("wall_later", "processor_later", "busiest_later")
        ]
        ratios = [
            median(it["local"]["wall_later"] / it[kind]["wall_later"] for it in found),
            median(it["local"]["processor_later"] / least_wall(it[kind]) for it in found),
            median(it["local"]["wall"] / it[kind]["wall"] for it in found),
        ]
        own = median(it[kind]["own_ms_a_chunk"] for it in found)
        cells = [kind, *seconds, *(f"{it:.2f}" for it in ratios), f"{own:.0f}"]
        yield f"| {' | '.join(cells)} |"


def least_wall(found: dict[str, Any]) -> float:
    """Return the wall seconds that processes would take on two cores of their own, at least."""
    return float(max(found["busiest_later"], found["processor_later"] / _WORKERS))


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
