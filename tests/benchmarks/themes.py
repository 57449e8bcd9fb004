"""Themes on feeds of reviews, the number of clusters unknown, one configuration for all.

python tests/benchmarks/themes.py --data FOLDER [--out themes.json] [--datasets a,b] [--documents N]

Reads every Parquet of FOLDER/feeds and FOLDER/reviews, the first night of those with nights, and of
large ones a sample. Short remarks are set apart, the rest is clustered and named as a night does it.
A name is scored as a rule: the documents that hold one of its terms against those of the cluster
(F0.5, `fidelity`; the share of the cluster's, `coverage`; documents in clusters of which it covers
less than 30 %, `poor`; means over the documents). Where people have given themes, the documents of a
cluster are taken to have the theme that it holds most beyond its share of all: macro F1 over themes,
and the adjusted mutual information for documents with one theme. Remarks count as one cluster there.
The same for k-means on the sentence vectors with as many clusters. Means over the seeds.
"""

import argparse
import json
import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from models.core.kmeans import fit_kmeans
from models.core.projection import FOREIGN_LEXICAL_WEIGHT, LEXICAL_WEIGHT
from models.encoding.encoder import DEFAULT_ENCODER, EncoderSource, find_encoder
from models.encoding.text_encoder import TextEncoder
from models.nightfold.clustering import NightfoldClustering
from models.quality.metrics import silhouette
from models.text.deciding_words import decide_by_words
from models.text.keywords import count_terms
from models.text.language.stop_words import stop_words_of
from models.text.language.told import is_mostly_foreign, language_shares
from models.text.lexical.views import LexicalViews
from models.text.names import covering_names
from models.text.remarks import find_remarks
from models.text.term_table import TermTable, term_table

Labels = NDArray[np.int64]
Scores = dict[str, float]

REMARK: Final = -1
_MAX_CHARS: Final = 2_000
"""Of a text: the encoder reads no further, and lexical views of long ones would only take longer."""

_POOR: Final = 0.3
_FEWEST_SINGLE: Final = 30
"""Documents with one theme that the mutual information is taken on."""

_COLUMNS: Final = (
    *("topics", "themes", "remarks", "fidelity", "coverage", "poor", "macro_f1", "ami"),
    *("k-means fidelity", "k-means macro_f1", "k-means ami", "silhouette", "k-means silhouette"),
)

logger = logging.getLogger("themes")


@dataclass(frozen=True)
class Feed:
    """Different texts of a feed, and the themes that people have given them, if they have."""

    name: str
    texts: list[str]
    themes: list[set[str]]
    embeddings: NDArray[np.float32]  # (n_texts, embedding_dim), rows of length one
    learnt: tuple[str, ...]
    """Languages that the encoder has learnt."""


def read_feed(path: Path, n_documents: int) -> tuple[list[str], list[set[str]]]:
    """Read the different texts of a Parquet, of many a sample, and the themes they were given."""
    table = pd.read_parquet(path)
    if "night" in table:
        table = table[table["night"] == table["night"].min()]
    parts = [table[name].fillna("").astype(str) for name in ("title", "text") if name in table]
    texts = parts[0] if len(parts) == 1 else parts[0].str.cat(parts[1], sep="\n").str.strip()
    texts = texts[texts.str.strip() != ""].str[:_MAX_CHARS].drop_duplicates()
    texts = texts.sample(min(len(texts), n_documents), random_state=0).sort_index()
    return texts.tolist(), _themes_of(table, texts.index)


def load_feed(path: Path, n_documents: int, cache: Path, encoder: EncoderSource) -> Feed:
    """Read a Parquet and encode its texts, or take the vectors of an earlier run."""
    texts, themes = read_feed(path, n_documents)
    cached = cache / f"{path.stem}-{len(texts)}-{encoder.digest[:12]}.npy"
    if not cached.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(cached, TextEncoder(encoder).encode(texts))
    return Feed(path.stem, texts, themes, np.load(cached), encoder.languages)


def _themes_of(table: pd.DataFrame, rows: pd.Index) -> list[set[str]]:
    """Collect what people have given each document: several themes, one label, or nothing."""
    if "labels" in table:
        return [set() if it is None else set(map(str, it)) for it in table["labels"][rows]]
    if "label" in table:
        return [{str(it)} for it in table["label"][rows]]
    return [set() for _ in rows]


def score(feed: Feed, seed: int) -> Scores:
    """Set remarks apart, cluster and name the rest, and score it beside k-means."""
    stop_words = stop_words_of(tuple(language_shares(feed.texts)))
    is_remark = find_remarks(feed.texts, feed.embeddings, stop_words)
    kept = np.flatnonzero(~is_remark)
    texts, X = [feed.texts[it] for it in kept], feed.embeddings[kept]
    views = LexicalViews().fit(texts)
    rows = np.hstack([X, views.transform(texts)]).astype(np.float32)
    dims = (X.shape[1], *views.dims)
    is_foreign = is_mostly_foreign(language_shares(texts), feed.learnt)
    weight = FOREIGN_LEXICAL_WEIGHT if is_foreign else LEXICAL_WEIGHT
    model = NightfoldClustering(
        "auto", view_dims=dims, lexical_weight=weight, random_state=seed
    ).fit(rows)
    q = decide_by_words(
        model.soft_assignments_, texts, np.ones(len(texts), dtype=np.int64), stop_words
    )
    labels = np.full(len(feed.texts), REMARK)
    labels[kept] = q.argmax(axis=1)
    plain = fit_kmeans(feed.embeddings, model.n_clusters_, 10, seed)[0]
    table = term_table(count_terms(feed.texts), np.ones(len(feed.texts)), stop_words)
    found = {
        "topics": float(len(np.unique(model.topics_))),
        "themes": float(model.n_clusters_),
        "remarks": float(is_remark.mean()),
        "silhouette": silhouette(X, labels[kept], random_state=seed) or np.nan,
        **names_scored(table, labels),
        **themes_scored(labels, feed.themes),
    }
    beside = {
        "silhouette": silhouette(X, plain[kept], random_state=seed) or np.nan,
        **names_scored(table, plain),
        **themes_scored(plain, feed.themes),
    }
    return found | {f"k-means {name}": value for name, value in beside.items()}


def names_scored(table: TermTable, labels: Labels) -> Scores:
    """Score names as rules, over the documents that are no remarks."""
    inside = labels != REMARK
    names = covering_names(_within(table, inside), labels[inside], {})
    sizes, figures = [], []
    for label in np.unique(labels[inside]):
        own = labels == label
        held = table.holding(names.get(int(label), "").split(", ")) & inside
        both = (own & held).sum()
        precision, coverage = both / max(held.sum(), 1), both / own.sum()
        fidelity = 1.25 * precision * coverage / max(0.25 * precision + coverage, 1e-9)
        figures.append((fidelity, coverage, coverage < _POOR))
        sizes.append(own.sum())
    means = np.average(np.array(figures, dtype=np.float64), axis=0, weights=sizes)
    return dict(zip(("fidelity", "coverage", "poor"), means.tolist(), strict=True))


def _within(table: TermTable, inside: NDArray[np.bool_]) -> TermTable:
    return TermTable(table.terms, table.held[inside], table.weights[inside])


def themes_scored(labels: Labels, themes: Sequence[set[str]]) -> Scores:
    """Score clusters against the themes that people have given; nothing where there are none."""
    known = [place for place, own in enumerate(themes) if own]
    if not known:
        return {}
    total = Counter(theme for place in known for theme in themes[place])
    stands_for = {}
    for label in np.unique(labels[known]):
        own = [place for place in known if labels[place] == label]
        inside = Counter(theme for place in own for theme in themes[place])
        lift = {it: inside[it] / len(own) - n / len(known) for it, n in total.items()}
        stands_for[label] = max(lift, key=lift.__getitem__)
    said = Counter(stands_for[labels[place]] for place in known)
    hit = Counter(stands_for[labels[it]] for it in known if stands_for[labels[it]] in themes[it])
    f1 = [2 * hit[theme] / (said[theme] + n) for theme, n in total.items()]
    single = [place for place in known if len(themes[place]) == 1]
    truth = [next(iter(themes[place])) for place in single]
    is_told = len(single) >= _FEWEST_SINGLE
    ami = adjusted_mutual_info_score(truth, labels[single]) if is_told else np.nan
    return {"macro_f1": float(np.mean(f1)), "ami": float(ami)}


def run(paths: Sequence[Path], options: argparse.Namespace) -> Iterator[tuple[str, Scores]]:
    """Score every feed, mean over the seeds, printing each line as it is known."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    encoder = find_encoder(options.encoder)
    feeds = [load_feed(path, options.documents, options.vectors_cache, encoder) for path in paths]
    pool = ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn"))
    with pool:
        runs = [[pool.submit(score, feed, seed) for seed in range(options.seeds)] for feed in feeds]
        for feed, futures in zip(feeds, runs, strict=True):
            results = [future.result() for future in futures]
            yield (
                feed.name,
                {key: float(np.mean([it[key] for it in results])) for key in results[0]},
            )


def as_row(name: str, scores: Scores) -> str:
    """Lay out one line of the table."""
    figures = "".join(
        f"{scores[key]:>10.3f}" if key in scores and np.isfinite(scores[key]) else f"{'–':>10}"
        for key in _COLUMNS
    )
    return f"{name:<26}{figures}"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="has the folders feeds, reviews")
    parser.add_argument("--out", type=Path, default=Path("themes.json"))
    parser.add_argument("--datasets", help="names, comma-separated; all if left out")
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--encoder", default=DEFAULT_ENCODER, help="its name, or its folder")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--vectors-cache", type=Path, default=Path(".vectors-themes"))
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    logging.basicConfig(level=logging.WARNING)
    options = parse(arguments)
    folders = (options.data / "feeds", options.data / "reviews")
    found = {path.stem: path for folder in folders for path in sorted(folder.glob("*.parquet"))}
    chosen = options.datasets.split(",") if options.datasets else list(found)
    print(
        f"{'feed':<26}"
        + "".join(
            f"{name.replace('k-means', 'km').replace('silhouette', 'silh'):>10}"
            for name in _COLUMNS
        )
    )
    results = {}
    for name, scores in run([found[name] for name in chosen], options):
        results[name] = scores
        print(as_row(name, scores), flush=True)
        options.out.write_text(json.dumps(results, indent=2), encoding="utf-8")
    keys = {key for scores in results.values() for key in scores}
    mean = {
        key: float(np.nanmean([it[key] for it in results.values() if key in it])) for key in keys
    }
    print(as_row("mean", mean))
    for key in ("macro_f1", "ami"):
        both = [it for it in results.values() if np.isfinite(it.get(key, np.nan))]
        n_above = sum(it[key] > it[f"k-means {key}"] for it in both)
        print(f"{key} above k-means: {n_above} of {len(both)}")


if __name__ == "__main__":
    main()
