"""How well cluster ids last: a dated labelled data set, run night by night as the real flow runs it.

make bench-identity DATA=FOLDER OUT=identity.json

The documents are cut into nights by `nightly_feed.py`, which lies beside the data, as
FOLDER/../tools/nightly_feed.py. All nights are one window. In the same run stand two rivals: every
night clustered anew, with ids handed on by the cosine of centroids. The store, the feed and the
labels of the rivals stay in a folder beside OUT, and the same command goes on where it stopped.
"""

import argparse
import json
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from continuity import (
    FIRST_DOCUMENTS,
    Window,
    birth_delays,
    homes,
    identity_continuity,
    spurious_births,
    spurious_endings,
    steps,
    stories,
)
from identity_store import Night, Vectors, read_nights
from rival import GreedyIds, MergedIds
from rival_labels import refitted_labels

from models.quality.metrics import ari, clustering_accuracy, nmi

logger = logging.getLogger("identity")

FIRST_NIGHT: Final = date(2026, 1, 1)
FEED_NAME: Final = "default"
DAMAGE: Final = 0.01

Scores = dict[str, Any]


def cut_into_nights(data: Path, name: str, n_nights: int, folder: Path) -> Path:
    """Write the feed's nights and their truth, unless they are there."""
    feed = folder / f"feed-{name}-{n_nights}"
    if not (feed / "truth.parquet").is_file():
        tool = data.resolve().parent / "tools" / "nightly_feed.py"
        if not tool.is_file():
            raise SystemExit(f"the nights are cut by nightly_feed.py, which must be at {tool}")
        cut = ["--nights", str(n_nights), "--damage", str(DAMAGE)]
        command = [sys.executable, str(tool), str(data / f"{name}.parquet"), str(feed), *cut]
        subprocess.run(command, check=True)
    return feed


def run_nights(feed: Path, store: Path, n_nights: int, config: Path | None) -> None:
    """Run the flow on every night that is not published yet."""
    from flows.cli.runs import prepare_runs

    run_night = prepare_runs(store, False, print)
    from flows.cli.backfill import run_nights as run_configured
    from flows.config import load_config

    said = {"store": str(store), "feed_name": FEED_NAME, "window_days": 365}
    parts = {
        FIRST_NIGHT + timedelta(days=number): str(feed / f"night-{number + 1:02d}.jsonl")
        for number in range(n_nights)
    }
    run_configured(
        [
            load_config(config, said | {"night": night, "feed": part})
            for night, part in parts.items()
        ],
        run_night,
    )


def truth_of(feed: Path) -> dict[str, str]:
    """Read the true event of every document."""
    table = pd.read_parquet(feed / "truth.parquet", columns=["id", "label"])
    return dict(zip(table["id"].astype(str), table["label"].astype(str), strict=True))


def rival_windows(
    nights: Sequence[Night], vectors: Vectors, truth: Mapping[str, str], cache: Path | None
) -> dict[str, list[Window]]:
    """Hand ids on as the rivals do, over labels of their own, or over the flow's if no cache."""
    rivals = {"greedy cosine": GreedyIds(), "merge_models": MergedIds()}
    windows: dict[str, list[Window]] = {name: [] for name in rivals}
    for night in nights:
        raw = night.cluster_ids if cache is None else refitted_labels(night, vectors, cache)
        labels = np.unique(raw, return_inverse=True)[1]
        centroids = vectors.centroids(night, labels)
        for name, rival in rivals.items():
            ids = np.array(rival.take(centroids))
            windows[name].append(scored_window(night, ids[labels], truth))
    return windows


def scored_window(night: Night, cluster_ids: Any, truth: Mapping[str, str]) -> Window:
    """Keep the documents whose event is known: not the damaged rows that were let through."""
    known = np.array([doc_id in truth for doc_id in night.doc_ids])
    events = [truth[doc_id] for doc_id in night.doc_ids if doc_id in truth]
    return Window(np.array(events), np.asarray(cluster_ids)[known])


def score(windows: Sequence[Window]) -> Scores:
    """Compute every figure of one way to hand on ids."""
    taken = steps(windows)
    delays = birth_delays(windows)
    told = stories(windows)
    return {
        "continuity": identity_continuity(taken),
        f"continuity_from_{FIRST_DOCUMENTS}": identity_continuity(taken, FIRST_DOCUMENTS),
        "n_steps": len(taken),
        "causes": dict(Counter(step.cause for step in taken if step.cause).most_common()),
        "changes": [step._asdict() for step in taken if step.cause],
        "n_events": len(told),
        "n_mostly_one": sum(story.is_mostly_one for story in told.values()),
        "delays": delays,
        "n_delayed_by_1_at_most": sum(it is not None and it <= 1 for it in delays.values()),
        "n_events_there": len(delays),
        "events": {event: story._asdict() for event, story in told.items()},
        "nights": list(_nightly(windows)),
    }


def _nightly(windows: Sequence[Window]) -> Iterator[Scores]:
    """Score every night by itself, and beside the one before."""
    for number, window in enumerate(windows):
        before = windows[number - 1] if number else None
        ids = set(window.cluster_ids.tolist())
        known = set(before.cluster_ids.tolist()) if before else set()
        found = homes(window)
        yield {
            "documents": len(window.events),
            "true_k": len(found),
            f"true_k_of_{FIRST_DOCUMENTS}": sum(
                home.n_documents >= FIRST_DOCUMENTS for home in found.values()
            ),
            "k": len(ids),
            "nmi": nmi(*_codes(window)),
            "acc": clustering_accuracy(*_codes(window)),
            "ari": ari(*_codes(window)),
            "births": len(ids - known),
            "endings": len(known - ids),
            "spurious_births": len(spurious_births(before, window)) if before else 0,
            "spurious_endings": len(spurious_endings(before, window)) if before else 0,
        }


def _codes(window: Window) -> tuple[Any, Any]:
    return tuple(
        np.unique(names, return_inverse=True)[1] for names in (window.events, window.cluster_ids)
    )


def summary_lines(results: Mapping[str, Scores]) -> Iterator[str]:
    """One row per way to hand on ids."""
    yield (
        f"\n| | continuity | from {FIRST_DOCUMENTS} documents | mostly one cluster | delay ≤ 1 night"
        " | spurious births a night | spurious endings a night | mean NMI |"
    )
    yield f"|---|{'---:|' * 7}"
    for name, it in results.items():
        means = [
            np.mean([night[figure] for night in it["nights"]])
            for figure in ("spurious_births", "spurious_endings", "nmi")
        ]
        yield (
            f"| {name} | {it['continuity']:.3f} | {it[f'continuity_from_{FIRST_DOCUMENTS}']:.3f}"
            f" | {it['n_mostly_one']} of {it['n_events']}"
            f" | {it['n_delayed_by_1_at_most']} of {it['n_events_there']}"
            f" | {means[0]:.2f} | {means[1]:.2f} | {means[2]:.3f} |"
        )


def night_lines(results: Mapping[str, Scores], nights: Sequence[Night]) -> Iterator[str]:
    """One row per night of the flow, with the rival's figures where they differ in kind."""
    own, rival = results["nightfold"]["nights"], results["greedy cosine"]["nights"]
    yield (
        f"\n| night | documents | events (of {FIRST_DOCUMENTS}) | k | rival's k | NMI | rival's NMI"
        " | ACC | ARI | births (spurious) | endings (spurious) | seconds (refine) |"
    )
    yield f"|---|{'---:|' * 11}"
    for night, it, other in zip(nights, own, rival, strict=True):
        yield (
            f"| {night.night} | {it['documents']:,} | {it['true_k']}"
            f" ({it[f'true_k_of_{FIRST_DOCUMENTS}']}) | {it['k']} | {other['k']}"
            f" | {it['nmi']:.3f} | {other['nmi']:.3f} | {it['acc']:.3f} | {it['ari']:.3f}"
            f" | {it['births']} ({it['spurious_births']})"
            f" | {it['endings']} ({it['spurious_endings']})"
            f" | {sum(night.seconds.values()):.0f} ({night.seconds.get('refine', 0):.0f}) |"
        )


def event_lines(scores: Scores) -> Iterator[str]:
    """One row per event."""
    yield "\n| event | nights | ids | main id | share of its nights | purity | delay |"
    yield "|---|---:|---:|---|---:|---:|---:|"
    for event, story in scores["events"].items():
        delay = scores["delays"].get(event, "too small")
        yield (
            f"| {event} | {story['n_nights']} | {story['n_ids']} | {story['main_id']}"
            f" | {story['share']:.2f} | {story['purity']:.2f}"
            f" | {'never' if delay is None else delay} |"
        )


def cause_lines(results: Mapping[str, Scores]) -> Iterator[str]:
    """Why homes changed their ids, the most frequent cause first."""
    for name, it in results.items():
        yield f"\n{name}: {len(it['changes'])} changes of id in {it['n_steps']} steps"
        yield from (f"- {n} × {cause}" for cause, n in it["causes"].items())


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--out", type=Path, default=Path("identity.json"))
    parser.add_argument("--dataset", default="crisislex_t26", help="dated and labelled")
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--store", type=Path, help="score the nights of this store, and run none")
    parser.add_argument("--config", type=Path, help="of the runs; a TOML file")
    parser.add_argument(
        "--rival-refit",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="cluster every night afresh for the rivals, instead of taking the flow's clusters",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    logging.basicConfig(format="%(message)s")  # the flow's own lines go to Prefect
    logger.setLevel(logging.INFO)
    options = parse(arguments)
    folder = options.out.with_suffix("")
    store = (options.store or folder / "store").absolute()
    feed = cut_into_nights(options.data, options.dataset, options.nights, folder)
    if options.store is None:
        run_nights(feed, store, options.nights, options.config)
    truth, nights = truth_of(feed), read_nights(store, FEED_NAME)
    vectors = Vectors(store, nights)
    own = [scored_window(night, night.cluster_ids, truth) for night in nights]
    cache = folder / "rival" if options.rival_refit else None
    windows = {"nightfold": own} | rival_windows(nights, vectors, truth, cache)
    results = {name: score(found) for name, found in windows.items()}
    told = {str(night.night): {"seconds": night.seconds, "told": night.told} for night in nights}
    options.out.write_text(json.dumps({"results": results, "nights": told}, indent=1), "utf-8")
    for lines in (
        summary_lines(results),
        night_lines(results, nights),
        event_lines(results["nightfold"]),
        cause_lines(results),
    ):
        print(*lines, sep="\n")


if __name__ == "__main__":
    main()
