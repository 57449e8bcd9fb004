"""A warm night of the real flow beside the same night fitted from nothing.

make bench-warm-flow DATA=FOLDER OUT=warm_flow.json

Nine tenths of a labelled set, shuffled, are the first night, the rest is the second. The store is
copied between the two, and the second night runs on both copies: as it comes, and with
``[refit] every_nights = 1``. The number of clusters is given. Seconds are those of the stages as
the manifests tell them; what only reads, checks and embeds is the same on both.
"""

import argparse
import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

FIRST_SHARE: Final = 0.9
NIGHTS: Final = (date(2026, 1, 1), date(2026, 1, 2))
MODEL_STAGES: Final = ("drift", "views", "pretrain", "refine", "rejoin")

Figures = dict[str, Any]


def cut_in_two(data: Path, name: str, folder: Path) -> tuple[list[Path], int]:
    """Write the feeds of both nights; give them, and the number of classes."""
    table = pd.read_parquet(data / f"{name}.parquet", columns=["id", "text", "label"])
    table = table.sample(frac=1, random_state=0).astype(str)
    first = int(FIRST_SHARE * len(table))
    paths = [folder / f"{name}-{number}.jsonl" for number in (1, 2)]
    for path, part in zip(paths, (table[:first], table[first:]), strict=True):
        part.to_json(path, orient="records", lines=True)
    return paths, table["label"].nunique()


def run(run_night: Any, store: Path, given: dict[str, Any]) -> Figures:
    """Run a night; return what it cost and how good it was."""
    from flows.config import NightlyConfig
    from tasks.store.storage import Store

    config = NightlyConfig.model_validate(given | {"store": str(store)})
    run_night(config)
    path = Store(root=store, feed="default", night=config.night).manifest_path()
    manifest = json.loads(path.read_bytes())
    seconds = {it["stage"]: it["seconds"] for it in manifest["run"]["stages"]}
    truth = {it["metric"]: it["value"] for it in manifest["metrics"] if it["space"] == "truth"}
    return {
        "fit": manifest["fit"]["kind"],
        "model_seconds": sum(seconds[stage] for stage in MODEL_STAGES),
        "seconds": sum(seconds.values()),
        **truth,
    }


def compare(run_night: Any, data: Path, name: str, folder: Path) -> dict[str, Figures]:
    """Run both second nights of one data set."""
    parts, n_clusters = cut_in_two(data, name, folder)
    first, second = (
        {"feed": str(part), "night": str(night), "clustering": {"n_clusters": n_clusters}}
        for part, night in zip(parts, NIGHTS, strict=True)
    )
    before, warm, full = (folder / f"{name}-{kind}" for kind in ("before", "warm", "full"))
    run(run_night, before, first)
    for store in (warm, full):
        shutil.copytree(before, store, ignore=shutil.ignore_patterns("prefect"))
    return {
        "warm": run(run_night, warm, second),
        "full": run(run_night, full, second | {"refit": {"every_nights": 1}}),
    }


def lines(name: str, found: dict[str, Figures]) -> Iterator[str]:
    """One row of the table."""
    warm, full = found["warm"], found["full"]
    if (warm["fit"], full["fit"]) != ("warm", "full"):
        raise SystemExit(f"{name}: the nights must be a warm and a full one, got {found}")
    yield (
        f"| {name} | {100 * full['acc']:.1f} | {100 * warm['acc']:.1f} | {100 * full['nmi']:.1f}"
        f" | {100 * warm['nmi']:.1f} | {warm['model_seconds'] / full['model_seconds']:.2f}"
        f" | {warm['seconds'] / full['seconds']:.2f} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    from flows.cli.runs import prepare_runs

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--out", type=Path, default=Path("warm_flow.json"))
    parser.add_argument("--datasets", default="stackoverflow,searchsnippets")
    options = parser.parse_args(arguments)
    folder = options.out.with_suffix("").absolute()
    folder.mkdir(parents=True)
    run_night = prepare_runs(folder, False, print)
    results = {}
    print(
        "| data set | ACC full | ACC warm | NMI full | NMI warm | model, full = 1 | whole night |"
    )
    print(f"|---|{'---:|' * 6}")
    for name in options.datasets.split(","):
        results[name] = compare(run_night, options.data, name, folder)
        options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
        print(*lines(name, results[name]), sep="\n", flush=True)


if __name__ == "__main__":
    main()
