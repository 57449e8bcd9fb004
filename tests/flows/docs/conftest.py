"""The store that the pages speak of: two nights of reviews about thirteen things, by k-means."""

import csv
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.store.bucket.place import COPIES

THINGS = (
    "battery", "charger", "parcel", "courier", "refund", "invoice", "login", "password",
    "headphones", "blanket", "router", "backpack", "coffee",
)  # fmt: skip

SAID = ("broke after a week", "is too late", "does not work any more", "was the wrong one")

N_NIGHTS = 2


def reviews(night: int) -> list[dict[str, Any]]:
    """Write what is said on a night: each thing four times, in other words than the night before."""
    return [
        {
            "id": f"R-{1000 * night + 4 * number + part}",
            "text": f"{thing} {thing} {thing} {said} on night {night}",
            "date": f"2026-02-2{night}",
            "stars": 1 + (number + part) % 5,
            "app": ("shop", "support")[part % 2],
        }
        for number, thing in enumerate(THINGS)
        for part, said in enumerate(SAID)
    ]


def _write(folder: Path) -> None:
    """Write the feed as the pages name it: a file, one a night, a CSV, a database."""
    every = [row for night in range(1, N_NIGHTS + 1) for row in reviews(night)]
    (folder / "feeds").mkdir()
    for night in range(1, N_NIGHTS + 1):
        _lines(folder / "feeds" / f"reviews-2026-03-0{night}.jsonl", reviews(night))
    _lines(folder / "reviews.jsonl", every)
    values = [(row["id"], row["text"], row["date"]) for row in every]
    for name in ("reviews.csv", "export.csv"):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("id", "text", "date"), *values])
    _lines(folder / "today.jsonl", every[:8])
    _draw(folder / "photos")
    with (folder / "signals.csv").open("w", encoding="utf-8", newline="") as file:
        steps = ((f"s{it}", step, step % (it + 2)) for it in range(4) for step in range(40))
        csv.writer(file).writerows([("machine", "time", "load"), *steps])
    with closing(sqlite3.connect(folder / "reviews.db")) as database, database:
        database.execute("create table reviews (id text, body text, created_at text)")
        database.executemany("insert into reviews values (?, ?, ?)", values)


def _draw(folder: Path) -> None:
    """Draw some pictures."""
    from PIL import Image

    folder.mkdir()
    for shade in range(4):
        Image.radial_gradient("L").point(lambda it, by=shade: it // (by + 1)).save(
            folder / f"{shade}.png"
        )


def _lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="session", autouse=True)
def the_same_encoder(one_encoder: None) -> Iterator[None]:
    """Place texts by the encoder that the nights of this process have loaded."""
    from tasks.operating import placing
    from tasks.vectors import embed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(placing, "load_encoder", embed.load_encoder)
        yield


@pytest.fixture(scope="session")
def documented(prefect_api: None, shared: Callable[..., Path]) -> Path:
    """The folder with feed and store that every page begins with."""

    def make(folder: Path) -> None:
        from flows.config import NightlyConfig
        from flows.nightly import nightly

        _write(folder)
        for night in range(1, N_NIGHTS + 1):
            given = {
                "feed": str(folder / "feeds" / "reviews-{night}.jsonl"),
                "store": folder / "my-store",
                "night": f"2026-03-0{night}",
                "clustering": {"estimator": "k-means", "n_clusters": len(THINGS)},
            }
            nightly(NightlyConfig.model_validate(given))

    return shared("documented", make)


@pytest.fixture
def desk(documented: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own with feed and store, in which commands are typed."""
    folder = tmp_path / "desk"
    shutil.copytree(documented, folder)
    for days in (0, 1):
        day = datetime.now(UTC).date() - timedelta(days=days)
        (folder / "in").mkdir(exist_ok=True)
        shutil.copy(folder / "today.jsonl", folder / "in" / f"reviews-{day}.jsonl")
    monkeypatch.chdir(folder)
    monkeypatch.setenv(COPIES, str(tmp_path / "copies"))
    return folder
