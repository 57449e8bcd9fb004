"""BERTopic as it comes beside nightfold, on the feeds of `themes.py`, the number of themes unknown.

make bench-themes-peers DATA=FOLDER [SEEDS=1] [SETS=a,b]

The same texts, vectors and scores as there; run `make bench-themes` before, whose figures stand
beside. BERTopic has its defaults, but for a seed in its UMAP. What it leaves out as noise counts as
one more cluster, as the remarks that nightfold sets apart do, and once more with all of it placed by
BERTopic's own means.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from themes import REMARK, Feed, Scores, load_feed, names_scored, themes_scored

from models.encoding.encoder import DEFAULT_ENCODER, find_encoder
from models.text.keywords import count_terms
from models.text.language.stop_words import stop_words_of
from models.text.language.told import language_shares
from models.text.term_table import term_table
from tests.benchmarks.speed_table import table

_SCORES: Final = ("fidelity", "macro_f1", "ami")


def topics_of(feed: Feed, seed: int) -> dict[str, np.ndarray]:
    """Fit BERTopic; its topics as they are, and with the noise placed."""
    from bertopic import BERTopic
    from umap import UMAP

    reduction = UMAP(
        n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed
    )
    model = BERTopic(umap_model=reduction)
    found, _ = model.fit_transform(feed.texts, feed.embeddings)
    topics = np.asarray(found)
    return {"bertopic": topics, "bertopic placed": _placed(model, feed, topics)}


def _placed(model: Any, feed: Feed, topics: np.ndarray) -> np.ndarray:
    if topics.min() >= 0 or topics.max() < 0:
        return topics
    found = model.reduce_outliers(
        feed.texts, topics.tolist(), strategy="embeddings", embeddings=feed.embeddings
    )
    return np.asarray(found)


def score(feed: Feed, seed: int) -> dict[str, Scores]:
    """Score both as `themes.score` does."""
    stop_words = stop_words_of(tuple(language_shares(feed.texts)))
    terms = term_table(count_terms(feed.texts), np.ones(len(feed.texts)), stop_words)
    found = {}
    for name, topics in topics_of(feed, seed).items():
        named = names_scored(terms, topics) if (topics != REMARK).any() else {}
        found[name] = {
            "themes": float(len(np.unique(topics[topics != REMARK]))),
            "left out": float((topics == REMARK).mean()),
            **named,
            **themes_scored(topics, feed.themes),
        }
    return found


def mean_of(runs: Sequence[dict[str, Scores]]) -> dict[str, Scores]:
    """Average over the seeds."""
    return {
        name: {key: float(np.mean([run[name][key] for run in runs])) for key in runs[0][name]}
        for name in runs[0]
    }


def row(name: str, ours: Scores, theirs: dict[str, Scores]) -> list[str]:
    """Lay out one line of the table."""
    cells = [name.replace("_", " ")]
    for found in (ours, *theirs.values()):
        cells.append(f"{found['themes']:.0f}")
        cells += [_number(found.get(key)) for key in _SCORES]
    plain = theirs["bertopic"]
    return [*cells, f"{plain['left out']:.0%}"]


def _number(value: float | None) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.3f}"


def summary(ours: dict[str, Scores], theirs: dict[str, dict[str, Scores]]) -> list[str]:
    """Say by every score how often nightfold is above, and both means, where both have it."""
    lines = []
    for name in ("bertopic", "bertopic placed"):
        for key in _SCORES:
            pairs = [
                (ours[feed].get(key, np.nan), it[name].get(key, np.nan))
                for feed, it in theirs.items()
            ]
            both = np.array(pairs)
            both = both[np.isfinite(both).all(axis=1)]
            above = int((both[:, 0] > both[:, 1]).sum())
            means = both.mean(axis=0)
            lines.append(
                f"{key} above {name}: {above} of {len(both)}; mean {means[0]:.3f} beside {means[1]:.3f}"
            )
    return lines


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="has the folders feeds, reviews")
    parser.add_argument("--ours", type=Path, default=Path("themes.json"), help="of themes.py")
    parser.add_argument("--out", type=Path, default=Path("themes_peers.json"))
    parser.add_argument("--sets", help="names, comma-separated; all of --ours if left out")
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors-themes"))
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    ours: dict[str, Scores] = json.loads(given.ours.read_text(encoding="utf-8"))
    encoder = find_encoder(DEFAULT_ENCODER)
    theirs: dict[str, dict[str, Scores]] = {}
    rows = []
    for name in given.sets.split(",") if given.sets else ours:
        (path,) = given.data.glob(f"*/{name}.parquet")
        feed = load_feed(path, given.documents, given.vectors_cache, encoder)
        theirs[name] = mean_of([score(feed, seed) for seed in range(given.seeds)])
        rows.append(row(name, ours[name], theirs[name]))
        print(" | ".join(rows[-1]), flush=True)
        given.out.write_text(json.dumps(theirs, indent=2), encoding="utf-8")
    each = [f"{who}{key}" for who in ("", "BERTopic: ", "placed: ") for key in ("themes", *_SCORES)]
    print("\n".join(table(("feed", *each, "left out"), rows)))
    print("\n".join(summary(ours, theirs)))


if __name__ == "__main__":
    main()
