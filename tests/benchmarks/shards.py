"""What a row costs in the stages that might be cut into shards: processor seconds of a million rows.

make bench-shards [DATA=FOLDER] [OUT=shards.json]

Titles and posts go through the first stages of a night, few and many of them: what a stage takes for
the others, over how many these are, is what a row costs; the rest is what the stage costs by itself.
Beside it, how long a shard of five seconds is, and what of it goes out to a worker and comes back.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from models.core.graph import nearest_neighbours
from models.core.threads import one_thread
from models.text.lexical.views import LexicalViews
from tasks.preparing.check_prepared import check_prepared
from tasks.preparing.check_raw import check_raw
from tasks.preparing.checks import CheckSettings
from tasks.preparing.prepare import prepare
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.reading.find import find_feed
from tasks.reading.ingest import ingest
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.settings import SourceSettings
from tasks.store.storage import Store
from tasks.vectors.items import read_night
from tests.benchmarks.speed import processor
from validation.usual import UsualNight

_SETS: Final = {
    "titles": ("stackoverflow.parquet", 2_000, 18_000),
    "posts": ("20newsgroups_stripped.parquet", 500, 4_500),
}
_NEIGHBOURS: Final = 20_000, 984
"""Rows, of which a fit has 50,000 at most, and their width."""
_SHARD: Final = 5.0
"""Seconds of work."""


def seconds_of(texts: list[str], folder: Path) -> dict[str, float]:
    """Return the processor seconds of each stage."""
    feed = folder / "feed.jsonl"
    rows = (json.dumps({"id": str(n), "text": it}) + "\n" for n, it in enumerate(texts))
    feed.write_text("".join(rows), encoding="utf-8")
    store = Store(root=folder / "store", feed="f", night=date(2026, 3, 1))
    took: dict[str, float] = {}

    def timed(name: str, function: Callable[[], Any]) -> Any:
        began = time.process_time()
        found = function()
        took[name] = time.process_time() - began
        return found

    checks, preparing, usual = CheckSettings(), PrepareSettings(), UsualNight()
    found = timed("find feed", partial(find_feed.fn, store, str(feed), SourceSettings(), None))
    raw = timed("ingest", partial(ingest.fn, store, found, IngestSettings()))
    checked = timed("check raw", partial(check_raw.fn, store, raw, checks, usual))
    prepared = timed("prepare", partial(prepare.fn, store, checked, [], preparing, "replace"))
    bounds = checks.document_bounds(preparing.max_text_chars, usual)
    judged = timed(
        "check prepared", partial(check_prepared.fn, store, prepared, checked, bounds, None)
    )
    timed("read the window", partial(read_night, store, judged.tonight(store)))
    return took


def a_million(texts: list[str], few: int, more: int) -> dict[str, float]:
    """Return what a million rows cost in each stage, and in the projection into lexical views."""
    took = []
    # The first time is for what is loaded when it is needed first.
    for some in (texts[:few], texts[:few], texts[: few + more]):
        with tempfile.TemporaryDirectory() as folder:
            took.append(seconds_of(some, Path(folder)))
    took = took[1:]
    found = {name: (took[1][name] - took[0][name]) / more * 1e6 for name in took[0]}
    views = LexicalViews().fit(texts[: few + more])
    began = time.process_time()
    views.transform(texts[few : few + more])
    return found | {"views, projection": (time.process_time() - began) / more * 1e6}


def neighbours_of_a_fit() -> float:
    """Return the processor seconds of the search for the neighbours of rows, as a fit makes it."""
    n_rows, width = _NEIGHBOURS
    X = np.random.default_rng(0).standard_normal((n_rows, width), dtype=np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    began = time.process_time()
    with one_thread():
        nearest_neighbours(X, 20)
    return time.process_time() - began


def table(found: dict[str, dict[str, float]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    heads = [f"{name}, s a million | rows of a shard" for name in found]
    yield f"| stage | {' | '.join(heads)} |"
    yield f"|---|{'---:|' * (2 * len(found))}"
    for stage in list(next(iter(found.values())))[1:]:  # to find the feed takes what its bytes take
        each = [found[name][stage] for name in found]
        cells = [f"{it:,.1f} | {_SHARD / max(it, 0.1) * 1e6:,.0f}" for it in each]
        yield f"| {stage} | {' | '.join(cells)} |"


def main() -> None:
    """Measure, print the table, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found = {}
    for name, (file, few, more) in _SETS.items():
        said = pd.read_parquet(given.data / file, columns=["text"])["text"].astype(str)
        texts = [it for it in dict.fromkeys(said) if it.strip()]
        found[name] = a_million(texts, few, more)
    search = neighbours_of_a_fit()
    figures = {"processor": processor(), "a_million": found, "neighbours": search}
    given.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print("\n".join(table(found)))
    print(f"\nneighbours of {_NEIGHBOURS[0]:,} rows: {search:.1f} s")


if __name__ == "__main__":
    main()
