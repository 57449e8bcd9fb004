"""Write the tables of docs/scale.md: what 1M to 1B documents cost, from figures that were measured.

    python docs/write_scale.py [--check]

Nothing is measured here. What cannot be run is computed from what was: seconds that grow with the
rows grow on, and what many workers take is simulated, chunk by chunk. With --check nothing is
written; exit code 1 if the page is out of date.
"""

import heapq
import random
import re
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parent
PAGE, FIGURES = DOCS / "scale.md", DOCS / "performance.md"

SIZES: Final = {"1M": 10**6, "10M": 10**7, "100M": 10**8, "1B": 10**9}
KINDS: Final = ("short", "long")

VECTOR_BYTES: Final = 384 * 4
LEXICAL_BYTES: Final = 600 * 4
"""Of the two lexical views of a text, 300 numbers each."""
TEXT_BYTES: Final = {"short": 50, "long": 3400}
"""Of the documents of docs/performance.md, on average."""
OBJECT_BYTES: Final = 500
"""A text and its digest as Python strings (49 bytes each beside their characters), in a list and in
two dictionaries, as `embed` has them."""
CHUNK: Final = 1024
_BEFORE: Final = ("ingest", "check raw", "prepare", "check prepared", "read the window")
NETWORK: Final = 10e9 / 8
"""Bytes a second of a network of 10 Gbit/s."""

CORE_HOUR, GPU_HOUR = 0.05, 4.0
"""What an hour of a core and of an H200 is assumed to cost: put your own prices in."""

WORKERS: Final = (1, 16, 64, 256)
LOST_EVERY: Final = 100 * 3600.0
"""Seconds of a worker until it is lost, on average: far more often than machines are."""
COMES_BACK: Final = 60.0
"""Seconds until another worker has started and has loaded the encoder."""


@dataclass(frozen=True)
class Measured:
    """What docs/performance.md has, in seconds and bytes a row."""

    embed: dict[str, float]
    embed_gpu: dict[str, float]
    views: dict[str, float]
    before: dict[str, float]
    """What is not cut, before the clustering: to read, check and prepare the rows."""
    fixed: float
    a_row: float
    fixed_bytes: float
    bytes_a_row: float
    own_a_chunk: float


def measured(text: str) -> Measured:
    """Read the figures."""
    many = text.partition("\n## Very many texts\n")[2]
    small, large = (_cells(many, rf"\| {rows} \|") for rows in ("50,000", "1,000,000"))
    more = 1_000_000 - 50_000
    # fit, placing all by it, evaluate and map; of a row the milliseconds are left out
    seconds = [sum(row[it] for it in (0, 2, 3, 4)) for row in (small, large)]
    a_row, bytes_a_row = (seconds[1] - seconds[0]) / more, (large[5] - small[5]) * 1e6 / more
    return Measured(
        embed={
            "short": _cells(text, r"\| 19,985 short \| openvino bfloat16 \|")[0] / 1000,
            "long": _cells(text, r"\| 1,000 long \| openvino bfloat16 \|")[0] / 1000,
        },
        embed_gpu={
            "short": 1 / _cells(text, r"\| 1,000,000 short \| torch float32 \|")[0],
            "long": 1 / _cells(text, r"\| 10,000 long \| torch bfloat16 \|")[0],
        },
        views=_of_kinds(text, "views, projection"),
        before={kind: sum(_of_kinds(text, it)[kind] for it in _BEFORE) for kind in KINDS},
        fixed=seconds[0] - 50_000 * a_row,
        a_row=a_row,
        fixed_bytes=small[5] * 1e6 - 50_000 * bytes_a_row,
        bytes_a_row=bytes_a_row,
        own_a_chunk=_cells(text, r"\| dask \|")[-1] / 1000,
    )


def _of_kinds(text: str, stage: str) -> dict[str, float]:
    """Return the seconds of a row in a stage, of both kinds of documents."""
    seconds = _cells(text.partition("\n## Workers\n")[2], rf"\| {stage} \|")[::2]
    return {kind: it / 1e6 for kind, it in zip(KINDS, seconds, strict=True)}


def _cells(text: str, begin: str) -> list[float]:
    """Return the numbers of the cells after the beginning of a table's row."""
    found = re.search(rf"^{begin}(.*)\|$", text, re.MULTILINE)
    if found is None:
        raise SystemExit(f"{FIGURES} has no row that begins with {begin}")
    numbers = (re.match(r"[\d,.]+", cell.strip()) for cell in found[1].split("|"))
    return [float(it[0].replace(",", "")) for it in numbers if it]


@cache
def hours(n_chunks: int, seconds: float, own: float, n_workers: int) -> float:
    """Simulate the hours in which workers encode chunks that one process hands out and saves.

    Parameters
    ----------
    n_chunks
        Each goes to the next free worker; two for each worker are on their way, and they are taken
        in order.
    seconds
        Of a chunk, a fifth more or less.
    own
        Seconds of that process for each chunk.
    n_workers
        One that is lost leaves its chunk to others, and another one comes.
    """
    rng = random.Random(0)
    free = [0.0] * n_workers
    on_their_way: deque[float] = deque()
    now = 0.0
    for _ in range(n_chunks):
        if len(on_their_way) == 2 * n_workers:
            now = max(now, on_their_way.popleft())
        now += own
        start = max(heapq.heappop(free), now)
        end = start + seconds * rng.uniform(0.8, 1.2)
        while rng.random() < (end - start) / LOST_EVERY:
            start = end + COMES_BACK
            end = start + seconds * rng.uniform(0.8, 1.2)
        heapq.heappush(free, end)
        on_their_way.append(end)
    return max(now, *on_their_way) / 3600


def bytes_table(found: Measured) -> Iterator[str]:
    """Yield the table of bytes."""
    yield from _head(
        *("short / long texts", "vectors", "files on the shelf", "lexical views", "objects"),
        *("clustering", "memory of the night's process"),
    )
    for name, n in SIZES.items():
        clustering = found.fixed_bytes + n * found.bytes_a_row
        whole = clustering + n * (LEXICAL_BYTES + OBJECT_BYTES + TEXT_BYTES["short"])
        texts = " / ".join(_bytes(n * TEXT_BYTES[kind]) for kind in KINDS)
        sizes = map(_bytes, (n * LEXICAL_BYTES, n * OBJECT_BYTES, clustering, whole))
        vectors = f"{_bytes(n * VECTOR_BYTES)} | {n // CHUNK:,}"
        yield f"| {name} | {texts} | {vectors} | {' | '.join(sizes)} |"


def hours_table(found: Measured) -> Iterator[str]:
    """Yield the table of hours and money."""
    yield from _head(
        *("embed, short / long", "on one H200", "cost, cores", "cost, H200", "project into views"),
        "what is not cut",
    )
    for name, n in SIZES.items():
        cores = [n * found.embed[kind] / 3600 for kind in KINDS]
        gpus = [n * found.embed_gpu[kind] / 3600 for kind in KINDS]
        rest = [(found.fixed + n * (found.a_row + found.before[kind])) / 3600 for kind in KINDS]
        pairs = (
            *(cores, gpus, [it * CORE_HOUR for it in cores], [it * GPU_HOUR for it in gpus]),
            *([n * found.views[kind] / 3600 for kind in KINDS], rest),
        )
        yield f"| {name} | {' | '.join(' / '.join(map(_number, pair)) for pair in pairs)} |"


def gain_table(found: Measured) -> Iterator[str]:
    """Yield how much faster workers can make a first night of very many documents, at most."""
    yield "| documents | seconds a million that are cut | that are not | times as fast, at most |"
    yield "|---|---:|---:|---:|"
    for kind in KINDS:
        cut = 1e6 * (found.embed[kind] + found.views[kind])
        rest = 1e6 * (found.before[kind] + found.a_row)
        yield f"| {kind} | {cut:,.0f} | {rest:,.0f} | {_number((cut + rest) / rest)} |"


def workers_table(found: Measured) -> Iterator[str]:
    """Yield the table of simulated hours."""
    yield from _head(*(f"{it} worker{'s' * (it > 1)}" for it in WORKERS), "over the network")
    for kind in KINDS:
        for name, n in SIZES.items():
            simulated = min(n, 10**7)  # ten times as many take ten times as long
            each = CHUNK * found.embed[kind]
            took = [
                hours(simulated // CHUNK, each, found.own_a_chunk, it) * n / simulated
                for it in WORKERS
            ]
            sent = n * (TEXT_BYTES[kind] + VECTOR_BYTES)
            network = f"{_bytes(sent)}, {_number(sent / NETWORK / 3600)} h"
            yield f"| {name} {kind} | {' | '.join(f'{_number(it)} h' for it in took)} | {network} |"


def _head(*columns: str) -> Iterator[str]:
    yield f"| documents | {' | '.join(columns)} |"
    yield f"|---:|{'---:|' * len(columns)}"


def _bytes(n: float) -> str:
    for unit in ("MB", "GB", "TB"):
        n /= 1000 if unit != "MB" else 10**6
        if n < 1000:
            break
    return f"{_number(n)} {unit}"


def _number(value: float) -> str:
    """Spell two digits that mean something."""
    if value >= 10:
        digits = 10 ** max(len(str(int(value))) - 2, 0)
        return f"{round(value / digits) * digits:,}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def page(text: str) -> str:
    """Return the page with today's tables between their marks."""
    found = measured(FIGURES.read_text(encoding="utf-8"))
    tables = {
        "gain": gain_table, "hours": hours_table, "bytes": bytes_table, "workers": workers_table,
    }  # fmt: skip
    for name, make in tables.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
        before, rest = text.split(begin)
        lines = "\n".join(make(found))
        text = f"{before}{begin}{lines}\n{end}{rest.split(end)[1]}"
    return text


def main() -> None:
    """Write the page, or check it."""
    old = PAGE.read_text(encoding="utf-8")
    new = page(old)
    if "--check" not in sys.argv:
        PAGE.write_text(new, encoding="utf-8")
    elif new != old:
        sys.exit("docs/scale.md is out of date: python docs/write_scale.py")


if __name__ == "__main__":
    main()
