"""`nightfold check`: what it says, its exit codes, and that it leaves nothing behind."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Invoke = Callable[..., Any]


def write(folder: Path, *texts: str) -> Path:
    path = folder / "feed.jsonl"
    rows = ({"id": f"d{n}", "text": text, "date": "2026-02-20"} for n, text in enumerate(texts))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("n_blank", "code", "said"),
    [
        (0, 0, "of 20 rows a night would make 20 documents: 0 refused, 0 without text"),
        (3, 3, "of 23 rows a night would make 20 documents: 0 refused, 3 without text"),
        (
            200,
            1,
            "a night would stop: 220 rows read, 0 refused, 200 without text, nothing published",
        ),
    ],
)
def test_the_exit_code_tells_how_bad_it_is(
    invoke: Invoke, tmp_path: Path, n_blank: int, code: int, said: str
) -> None:
    texts = [*(f"The kettle leaks, part {n}" for n in range(20)), *[" "] * n_blank]
    done = invoke("check", write(tmp_path, *texts))
    assert done.exit_code == code, done.output
    assert said in done.stdout
    assert ("feed.jsonl row 21: the text is missing or blank" in done.stdout) == bool(n_blank)
    assert [path.name for path in tmp_path.iterdir()] == ["feed.jsonl"]


def test_programs_read_what_it_found(invoke: Invoke, tmp_path: Path) -> None:
    texts = [*(f"The kettle leaks, part {n}" for n in range(20)), *[" "] * 3]
    done = invoke("check", write(tmp_path, *texts), "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["n_documents"], found["n_without_text"]) == (3, 20, 3)
    assert found["columns"]["feed.jsonl"]["text"] == "text"
    assert [it["rule_id"] for it in found["failures"]][:1] == ["text_present"]


def test_a_missing_feed_is_bad_usage(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("check", tmp_path / "nowhere.jsonl")
    assert done.exit_code == 2
    assert "nowhere.jsonl is not there" in done.stderr


def test_nothing_in_a_feed_is_markup(invoke: Invoke, tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_text('{"id": "[red]a", "text": ""}\n', encoding="utf-8")
    assert "text_present" in invoke("check", feed).stdout


def test_what_is_guessed_is_said_and_nothing_about_loggers(
    nightfold: Callable[..., Any], tmp_path: Path
) -> None:
    feed = tmp_path / "feed.csv"
    rows = (f"The kettle leaks the {n}th time,2026-02-20" for n in range(20))
    feed.write_text("\n".join(["text,date", *rows]), encoding="utf-8")
    done = nightfold("check", feed)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert "feed.csv has no column that looks like an id" in line
