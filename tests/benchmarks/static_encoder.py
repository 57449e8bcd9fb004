"""What a static encoder costs and loses beside the default one that it is distilled from.

make bench-static [DATA=FOLDER] [SETS=a,b] [THEMES=a,b] [DOCUMENTS=3000] [SEEDS=1] [OUT=static.json]

Distils one, embeds the texts of every set with both, and clusters both: with the true number, by
k-means and by nightfold, on labelled sets; with the number unknown, as a night does, on feeds of
reviews with themes that people have given. Costs are processor seconds on one thread, loading left
out; the default encoder has the kind of vectors that this machine chooses.
"""

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from models.encoding.distillation import distil
from models.encoding.encoder import DEFAULT_ENCODER, find_encoder
from models.encoding.text_encoder import Encoder
from models.text.lexical.views import LexicalViews
from tasks.vectors.encoder import EmbedSettings, encoder_ref, load_encoder
from tests.benchmarks import quality, themes
from tests.benchmarks.speed import processor
from tests.benchmarks.speed_table import table

SETS: Final = (
    *("stackoverflow", "searchsnippets", "agnews_test_raw", "banking77"),
    *("googlenews_ts", "amazon_reviews_blitzer"),
)
THEMES: Final = ("mams_acsa_en", "oats_coursera_en", "semeval16_restaurants_en")
METHODS: Final = ("kmeans", "nightfold")

Figures = dict[str, Any]


def load(name: str) -> Encoder:
    """Load an encoder as the first night of a feed does."""
    settings = EmbedSettings()
    return load_encoder(encoder_ref(name, settings, "cpu"), settings, "cpu")


def embedded(encoder: Encoder, texts: Sequence[str]) -> tuple[Any, float]:
    """Return the vectors of some texts, and processor seconds for a thousand of them."""
    began = time.process_time()
    X = encoder.encode(texts)
    return X, (time.process_time() - began) / len(texts) * 1000


def of_labelled(path: Path, encoders: Mapping[str, Encoder], n_texts: int, n_seeds: int) -> Figures:
    """Cluster a labelled set, or a sample of it, by the vectors of each encoder."""
    rows = pd.read_parquet(path, columns=["text", "label"])
    rows = rows[rows["text"].fillna("").str.strip() != ""]
    rows = rows.sample(min(len(rows), n_texts), random_state=0)
    texts = rows["text"].tolist()
    views = LexicalViews().fit(texts)
    found: Figures = {"documents": len(texts)}
    for name, encoder in encoders.items():
        X, seconds = embedded(encoder, texts)
        dataset = quality.Dataset(
            name=path.stem,
            texts=texts,
            embeddings=X,
            lexical=views.transform(texts),
            labels=pd.factorize(rows["label"])[0].astype(np.int64),
            n_empty=0,
            lexical_dims=views.dims,
        )
        found[name] = {"seconds_per_1000": seconds}
        for method in METHODS:
            runs = [quality.score(dataset, method, seed) for seed in range(n_seeds)]
            found[name][method] = quality.summarise(runs)
    return found


def of_themes(path: Path, encoders: Mapping[str, Encoder], n_texts: int, n_seeds: int) -> Figures:
    """Find the themes of a feed by the vectors of each encoder, their number unknown."""
    found: Figures = {}
    learnt = find_encoder(DEFAULT_ENCODER).languages
    texts, given = themes.read_feed(path, n_texts)
    for name, encoder in encoders.items():
        feed = themes.Feed(path.stem, texts, given, embedded(encoder, texts)[0], learnt)
        runs = [themes.score(feed, seed) for seed in range(n_seeds)]
        found[name] = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    return found


def labelled_table(found: Mapping[str, Figures], names: Sequence[str]) -> list[str]:
    """Lay out costs, and ACC / NMI in percent of both methods."""
    head = ["data set", "documents", *(f"s per 1,000, {it}" for it in names)]
    head += [f"{method}, {it}" for method in METHODS for it in names]
    lines = [
        [
            *(set_name, f"{of['documents']:,}"),
            *(f"{of[it]['seconds_per_1000']:.3f}" for it in names),
            *(_acc_nmi([of[it][method]]) for method in METHODS for it in names),
        ]
        for set_name, of in found.items()
    ]
    mean = [
        _acc_nmi([of[it][method] for of in found.values()]) for method in METHODS for it in names
    ]
    return table(head, [*lines, [f"**mean of {len(found)}**", "", "", "", *mean]])


def _acc_nmi(scores: Sequence[Mapping[str, float]]) -> str:
    acc, nmi = (100 * np.mean([it[key] for it in scores]) for key in ("acc", "nmi"))
    return f"{acc:.1f} / {nmi:.1f}"


def themes_table(found: Mapping[str, Figures], names: Sequence[str]) -> list[str]:
    """Lay out how themes agree with those that people have given."""
    kinds = ("themes", "remarks", "macro_f1", "ami")
    head = ["feed", *(f"{kind}, {it}" for kind in kinds for it in names)]
    lines = [
        [feed, *(_theme_figure(kind, of[it].get(kind, np.nan)) for kind in kinds for it in names)]
        for feed, of in found.items()
    ]
    return table(head, lines)


def _theme_figure(kind: str, value: float) -> str:
    if np.isnan(value):
        return "–"
    return f"{value:.0f}" if kind == "themes" else f"{value:.3f}"


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--themes", default=",".join(THEMES))
    parser.add_argument("--documents", type=int, default=3_000, help="of a set, at most")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("static.json"))
    return parser.parse_args()


def main() -> None:
    """Distil, measure, and print the tables of docs/performance.md."""
    logging.basicConfig(level=logging.WARNING)
    options = parse()
    found: Figures = {"processor": processor(), "labelled": {}, "themes": {}}
    with tempfile.TemporaryDirectory() as scratch:
        began = time.process_time()
        distil(find_encoder(DEFAULT_ENCODER), Path(scratch))
        found["seconds_to_distil"] = time.process_time() - began
        encoders = {"default": load(DEFAULT_ENCODER), "static": load(scratch)}
    names = list(encoders)
    parts = (
        ("labelled", options.data, options.sets, of_labelled),
        ("themes", options.data / "reviews", options.themes, of_themes),
    )
    for part, folder, wanted, measure in parts:
        for name in filter(None, wanted.split(",")):
            how = (encoders, options.documents, options.seeds)
            found[part][name] = measure(folder / f"{name}.parquet", *how)
            options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print("\n".join(labelled_table(found["labelled"], names)))
    print("\n".join(themes_table(found["themes"], names)))


if __name__ == "__main__":
    main()
