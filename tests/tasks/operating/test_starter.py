"""The first configuration file: it loads, and nothing in a feed is more than a value in it."""

import json
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tasks.operating.check_feed import check_trial
from tasks.operating.starter import WAYS_OUT, Starter
from tasks.operating.survey import survey_rows
from tasks.operating.trial import try_feed
from tasks.preparing.checks import CheckSettings
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.reading.raw_feed import IngestSettings
from validation.limits import RawLimits
from validation.raw_suite import raw_suite

Write = Callable[..., str]
ROWS = [
    {"id": f"s{n}", "body": f"The kettle leaks for the {n}th time", "at": "2026-02-20"}
    for n in range(20)
]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Write the file of a feed of some files, each a list of rows."""

    def write(**files: list[dict[str, Any]]) -> str:
        feed = tmp_path / "feed"
        feed.mkdir()
        for name, rows in files.items():
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (feed / f"{name}.jsonl").write_text(text, encoding="utf-8")
        check, prepare, night = CheckSettings(), PrepareSettings(), date(2026, 3, 1)
        trial = try_feed(str(feed), IngestSettings(), check, night, tmp_path / "scratch")
        return Starter(
            feed=str(feed),
            store=tmp_path / "store",
            found=check_trial(trial, check, prepare),
            survey=survey_rows(trial.rows, trial.raw.columns, trial.limits),
            other_ids=trial.raw.guessed_ids,
            max_text_chars=prepare.max_text_chars,
        ).toml()

    return write


def test_a_column_that_every_row_has_is_set_and_shown(written: Write, tmp_path: Path) -> None:
    title = {**ROWS[0], "id": "t", "body": "Another text", "title": "Kettle"}
    toml = written(a=[*ROWS, title])
    assert tomllib.loads(toml) == {
        "feed": str(tmp_path / "feed"),
        "store": str(tmp_path / "store"),
        "ingest": {"columns": {"doc_id": "id", "text": "body", "timestamp": "at"}},
    }
    assert "# doc_id, in every row: 's0', 's1', 's2'\n" in toml
    assert "# title, in 1 of 21 rows: 'Kettle'\n#   found as 'title'; not set: some rows" in toml
    assert "# dates: 2026-02-20 to 2026-02-20\n" in toml
    assert "# letters: Latin 100.0%\n" in toml


def test_a_rating_is_named_and_not_set(written: Write) -> None:
    toml = written(a=[row | {"stars": 4} for row in ROWS])
    assert "# rating, guessed every night by names and values: 'stars'\n" in toml
    assert "rating" not in tomllib.loads(toml)["ingest"]["columns"]


def test_what_would_be_refused_is_said_with_what_to_set(written: Write) -> None:
    toml = written(a=[*ROWS, {"id": "x", "body": "t", "at": "03/04/2026"}, {"body": "t"}])
    assert "# of 22 rows a night would make 20 documents: 2 refused, 0 without text" in toml
    assert "#   a.jsonl row 21: timestamp '03/04/2026' is no date that can only mean one" in toml
    assert "#   a.jsonl row 22: the row has no id\n#   set `doc_id` under [ingest.columns]" in toml


def test_what_files_call_differently_is_left_to_be_guessed(written: Write) -> None:
    others = [{"id": f"o{n}", "text": f"My parcel came late, part {n}"} for n in range(9)]
    toml = written(a=ROWS, b=others)
    assert tomllib.loads(toml)["ingest"]["columns"] == {"doc_id": "id"}
    assert "found as 'body' and 'text'; not set: the files do not have one column for it" in toml


def test_an_id_that_is_made_or_doubted_is_not_set(written: Write, tmp_path: Path) -> None:
    doubted = written(a=[row | {"id": n % 7, "order_id": n} for n, row in enumerate(ROWS)])
    assert "not set: different texts share one of its ids; look at 'order_id'\n" in doubted
    assert "doc_id" not in tomllib.loads(doubted)["ingest"]["columns"]
    (tmp_path / "feed" / "a.jsonl").unlink()
    (tmp_path / "feed").rmdir()
    made = written(a=[{"body": row["body"]} for row in ROWS])
    assert "not set: set it to a column, or to a list of columns, whose values never" in made


def test_values_cannot_break_out_of_a_comment(written: Write) -> None:
    evil = "x\nstore = 'elsewhere' \x1b[31m \u2028 https://u:hunter2@h/ " + "long " * 99
    names = {'title\n"]': "t"}
    toml = written(a=[*(row | names for row in ROWS), {"id": evil, "body": evil, "at": evil}])
    assert set(tomllib.loads(toml)) == {"feed", "store", "ingest"}
    assert all(line.isprintable() for line in toml.split("\n"))
    assert "hunter2" not in toml
    assert max(map(len, toml.split("\n"))) < 300


def test_every_way_out_is_that_of_a_rule() -> None:
    rules = {it.meta["rule_id"] for it in raw_suite(RawLimits(night=date(2026, 3, 1))).expectations}
    assert WAYS_OUT.keys() <= rules
