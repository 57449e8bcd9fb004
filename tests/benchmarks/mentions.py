"""How many of the themes that documents name are found by their cluster, and how many by mentions.

make bench-mentions DATA=FOLDER [CLUSTERS=25] [DOCUMENTS=1500] [SETS=a,b]

Reads every named Parquet of the folder with the columns id, text and labels, a list of themes each.
A night is run on each. A cluster stands for the theme that it has most beyond that theme's share of
all documents; a document is given the themes of its cluster, or those of its passages. The rival
is k-means on the vectors of the same passages, with as many clusters. Labels are used to score only.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NIGHT: Final = "2026-03-01"
SEEDS: Final = 3
Marks = NDArray[np.bool_]


class Scores(NamedTuple):
    """F1 over pairs of document and theme: over all pairs, and as the mean over themes."""

    micro: float
    macro: float


def score(in_cluster: Marks, themes: Marks) -> Scores:
    """Score the themes that clusters give to documents.

    Parameters
    ----------
    in_cluster
        Shape (n_documents, n_clusters).
    themes
        Shape (n_documents, n_themes).
    """
    held = in_cluster[:, in_cluster.any(axis=0)].astype(float)
    shares = held.T @ themes / held.sum(axis=0)[:, None]
    stands_for = np.eye(themes.shape[1])[(shares - themes.mean(axis=0)).argmax(axis=1)]
    given = held @ stands_for > 0
    both, summed = given & themes, given.sum(axis=0) + themes.sum(axis=0)
    of_each = 2 * both.sum(axis=0) / np.maximum(summed, 1)
    return Scores(2 * both.sum() / summed.sum(), float(of_each.mean()))


def marks(rows: Sequence[int], values: Sequence[Any], n_rows: int) -> Marks:
    """Return which row has which value."""
    columns = np.unique(np.asarray(values), return_inverse=True)[1]
    found = np.zeros((n_rows, columns.max() + 1), dtype=bool)
    found[np.asarray(rows), columns] = True
    return found


def labelled(path: Path, n_documents: int, folder: Path) -> tuple[Path, Mapping[str, list[str]]]:
    """Write the documents with themes as a feed; return it, and the themes by id."""
    table = pd.read_parquet(path, columns=["id", "text", "labels"]).astype({"id": str})
    table = table[table["labels"].map(lambda it: it is not None and len(it) > 0)]
    table = table.sample(min(n_documents, len(table)), random_state=0).sort_index()
    feed = folder / f"{path.stem}.jsonl"
    table[["id", "text"]].to_json(feed, orient="records", lines=True)
    return feed, dict(zip(table["id"], table["labels"].map(list), strict=True))


def k_means(store: Path, mentions: pd.DataFrame, seed: int) -> NDArray[Any]:
    """Cluster the passages of a night by k-means on their vectors, as many clusters as it has."""
    from models.core.kmeans import fit_kmeans
    from tasks.preparing.texts.cleaning import text_digest
    from tasks.store.embeddings import matrix_of, read_part

    vectors: dict[str, NDArray[np.float32]] = {}
    for part in sorted(store.glob("embeddings/encoder=*/part-*.parquet")):
        table = read_part(part)
        vectors |= zip(table["text_digest"].to_pylist(), matrix_of(table["embedding"]), strict=True)
    X = np.stack([vectors[text_digest(None, it)] for it in mentions["passage"]])
    return fit_kmeans(X, mentions["cluster_id"].nunique(), 4, seed)[0]


def compare(
    run_night: Callable[[Any], Any], path: Path, options: argparse.Namespace, folder: Path
) -> dict[str, Any]:
    """Run a night on a set; score its documents, its mentions and k-means."""
    from flows.cli.tables import published_files
    from flows.config import NightlyConfig

    feed, themes_of = labelled(path, options.documents, folder)
    store = folder / path.stem
    given = {"feed": str(feed), "store": str(store), "night": NIGHT}
    run_night(NightlyConfig(**given, clustering={"n_clusters": options.clusters}))
    assigned, mentions = (
        pd.concat(pd.read_parquet(it, partitioning=None) for it in published_files(store, name))
        for name in ("assignments", "mentions")
    )
    place = {doc_id: row for row, doc_id in enumerate(assigned["doc_id"])}
    pairs = [(place[it], theme) for it in place for theme in themes_of[it]]
    themes = marks(*zip(*pairs, strict=True), len(place))
    rows = [place[it] for it in mentions["doc_id"]]
    rivals = [k_means(store, mentions, seed) for seed in range(SEEDS)]
    by_rival = [score(marks(rows, it, len(place)), themes) for it in rivals]
    return {
        "documents": len(place),
        "passages": len(mentions),
        "by_document": score(
            marks(list(place.values()), assigned["cluster_id"], len(place)), themes
        ),
        "by_mentions": score(marks(rows, mentions["cluster_id"], len(place)), themes),
        "k_means": Scores(*np.mean(by_rival, axis=0).tolist()),
    }


def lines(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    """One row of the table."""
    said = " | ".join(
        f"{found[it].micro:.3f} | {found[it].macro:.3f}"
        for it in ("by_document", "by_mentions", "k_means")
    )
    yield f"| {name} | {found['documents']:,} | {found['passages']:,} | {said} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    from flows.cli.runs import prepare_runs

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--out", type=Path, default=Path("mentions.json"))
    parser.add_argument("--sets", required=True, help="names of Parquet files, with commas")
    parser.add_argument("--clusters", type=int, default=25)
    parser.add_argument("--documents", type=int, default=1500)
    options = parser.parse_args(arguments)
    folder = options.out.with_suffix("").absolute()
    folder.mkdir(parents=True)
    run_night = prepare_runs(folder, False, print)
    results: dict[str, Any] = {}
    head = "documents | passages | micro, documents | macro | micro, mentions | macro"
    print(f"| set | {head} | micro, k-means | macro |\n|---|{'---:|' * 8}")
    for name in options.sets.split(","):
        results[name] = compare(run_night, options.data / f"{name}.parquet", options, folder)
        options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
        print(*lines(name, results[name]), sep="\n", flush=True)


if __name__ == "__main__":
    main()
