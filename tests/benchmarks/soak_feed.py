"""The feed of the soak: one file a night, with all that a night can hold that is not good."""

import json
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pandas as pd

DATA: Final = Path(__file__).parents[1] / "data"
FIRST: Final = date(2026, 1, 1)
PER_NIGHT: Final = 60

_THEMES_A_NIGHT: Final = 6
Row = dict[str, Any]


def nights_of(n_nights: int) -> list[date]:
    """Give the nights, one after the other."""
    return [FIRST + timedelta(days=number) for number in range(n_nights)]


def write_feed(folder: Path, n_nights: int, data: Path | None, rng: Random) -> str:
    """Write a feed, damaged as real ones are; give its pattern for `nightfold backfill`."""
    folder.mkdir(parents=True)
    nights = nights_of(n_nights)
    written = _read(data, nights) if data else _invent(nights, rng)
    past: list[Row] = []
    for night, rows in zip(nights, written, strict=True):
        lines = [json.dumps(row, ensure_ascii=False) for row in [*rows, *_planted(rows, past, rng)]]
        cut = json.dumps(rows[0])[:30]
        (folder / f"{night}.jsonl").write_text("\n".join([*lines, cut]) + "\n", encoding="utf-8")
        past += rows
    return str(folder / "{night}.jsonl")


def _invent(nights: list[date], rng: Random) -> list[list[Row]]:
    """Invent reviews; every night a theme more has come and another gone."""
    sys.path.insert(0, str(DATA))
    from sample_texts import Phrasebook

    book = Phrasebook.read(DATA / "sample_phrases")
    themes = sorted(book.themes)
    written = []
    for number, night in enumerate(nights):
        first = number // 5
        around = [themes[(first + it) % len(themes)] for it in range(_THEMES_A_NIGHT)]
        texts = [
            book.text(theme, book.mood(theme, rng), "review", rng)
            for theme in around
            for _ in range(PER_NIGHT // _THEMES_A_NIGHT)
        ]
        written.append([_row(night, place, text, rng) for place, text in enumerate(texts)])
    return written


def _row(night: date, place: int, text: str, rng: Random) -> Row:
    moment = datetime(night.year, night.month, night.day) - timedelta(seconds=rng.randrange(86_400))
    return {"id": f"{night}-{place:03}", "text": text, "date": moment.isoformat()}


def _read(data: Path, nights: list[date]) -> list[list[Row]]:
    """Cut the first documents of a dated data set (id, text, timestamp) into nights."""
    frame = pd.read_parquet(data, columns=["id", "text", "timestamp"]).sort_values("timestamp")
    rows = [
        {"id": str(doc_id), "text": text, "date": str(stamp)}
        for doc_id, text, stamp in frame.itertuples(index=False)
    ]
    return [rows[place * PER_NIGHT : (place + 1) * PER_NIGHT] for place in range(len(nights))]


def _planted(rows: list[Row], past: list[Row], rng: Random) -> list[Row]:
    """Give rows that are broken, repeated or late, and one that withdraws an earlier document."""
    one, two, three = rng.sample(rows, 3)
    planted = [
        one | {"id": f"{one['id']}-blank", "text": "  "},
        one | {"id": f"{one['id']}-date", "date": "31/31/20xx"},
        dict(two),
        two | {"text": "Another text under an id that is taken."},
        three | {"id": f"{three['id']}-again"},
    ]
    if past:
        old, gone = rng.sample(past, 2)
        planted += [dict(old), old | {"id": f"{old['id']}-late-{one['id']}"}]
        planted.append({"id": gone["id"], "withdrawn": True})
    return planted
