"""What the map and the report cost of a night: of a first one, and of one that continues from it.

make bench-report DATA=FOLDER OUT=report_cost.json

The first night reads all texts of a labelled set but some, and the second one those. Seconds are
processor seconds of the stages. The page's size is that of the night's own report.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

ADDED: Final = ("map", "report")
LATER: Final = 700
"""Texts of the second night: what comes in a day where a month has twenty thousand."""


def costs(run_night: Any, data: Path, name: str, store: Path) -> list[dict[str, Any]]:
    """Run two nights, and return what their stages cost."""
    from flows.config import NightlyConfig

    table = pd.read_parquet(data / f"{name}.parquet", columns=["id", "text"]).astype(str)
    table = table.sample(frac=1, random_state=0)
    found = []
    for night, read in (("2026-03-01", table[:-LATER]), ("2026-03-02", table[-LATER:])):
        feed = store.parent / f"{name}-{night}.jsonl"
        read.to_json(feed, orient="records", lines=True)
        config = {"feed": str(feed), "store": str(store), "night": night}
        report = run_night(NightlyConfig.model_validate(config))
        found.append(cost(report, len(read)))
    return found


def cost(report: Any, n_documents: int) -> dict[str, Any]:
    """Return what the stages of a night cost."""
    seconds = {it.stage: it.processor_seconds for it in report.stages}
    added = sum(seconds[stage] for stage in ADDED)
    return {
        "read": n_documents,
        "seconds": seconds,
        "without": round(sum(seconds.values()) - added, 1),
        "added": round(added, 1),
        "share": round(added / (sum(seconds.values()) - added), 3),
        "page_mb": round(Path(report.page).stat().st_size / 1e6, 2),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--out", type=Path, default=Path("report_cost.json"))
    parser.add_argument("--name", default="stackoverflow")
    options = parser.parse_args(arguments)
    from flows.cli.runs import prepare_runs

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        found = costs(prepare_runs(store, False, print), options.data, options.name, store)
    options.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
