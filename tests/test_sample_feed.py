"""The bundled sample feed is what its generator writes and what its truth file says."""

import csv
import html
import io
import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import ftfy
import pytest

ROOT = Path(__file__).parents[1]
FEED = ROOT / "flows" / "sample"
TRUTH_FILE = ROOT / "tests" / "data" / "sample_truth.json"
GENERATOR = ROOT / "tests" / "data" / "write_sample_feed.py"
TRUTH: dict[str, dict[str, Any]] = json.loads(TRUTH_FILE.read_text("utf-8"))
NIGHTS = list(TRUTH)
FILES = ("reviews.jsonl", "tickets.csv")
TICKET_FIELDS = ["id", "title", "body", "date", "channel"]
every_night = pytest.mark.parametrize("night", NIGHTS)


@dataclass
class FeedRow:
    """One row as a plain reader sees it, before any check but parsing and decoding."""

    file: str
    row: int
    doc_id: str = ""
    text: str = ""
    date: str = ""
    problem: str = ""


def read_review(number: int, line: bytes) -> FeedRow:
    row = FeedRow("reviews.jsonl", number)
    try:
        fields = json.loads(line.decode())
    except UnicodeDecodeError:
        row.problem = "text_decodes"
    except json.JSONDecodeError:
        row.problem = "row_parses"
    else:
        row.doc_id = fields.get("review_id") or ""
        row.text, row.date = fields["content"], fields["created_at"]
    return row


def read_ticket(number: int, record: list[str]) -> FeedRow:
    row = FeedRow("tickets.csv", number)
    if len(record) != len(TICKET_FIELDS):
        row.problem = "row_parses"
    elif any(re.search("[\udc80-\udcff]", value) for value in record):
        row.problem = "text_decodes"
    else:
        row.doc_id, _, row.text, row.date, _ = record
    return row


def read_night(night: str) -> list[FeedRow]:
    lines = (FEED / night / "reviews.jsonl").read_bytes().removesuffix(b"\n").split(b"\n")
    tickets = (FEED / night / "tickets.csv").read_bytes().decode(errors="surrogateescape")
    header, *records = csv.reader(io.StringIO(tickets, newline=""))
    assert header == TICKET_FIELDS
    reviews = [read_review(number, line) for number, line in enumerate(lines, 1)]
    return reviews + [read_ticket(number, record) for number, record in enumerate(records, 1)]


def moment_of(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def rule_broken_by(row: FeedRow, run_date: date, texts_by_id: dict[str, str]) -> str:
    """Apply the rules one by one, in the plainest way."""
    if row.problem:
        return row.problem
    moment = moment_of(row.date)
    start_of_run = datetime.combine(run_date, time.min, tzinfo=UTC)
    failures = {
        "id_present": not row.doc_id,
        "text_present": not row.text.strip(),
        "control_characters": bool(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", row.text)),
        "date_parses": moment is None,
        "date_in_bounds": moment is not None and moment > start_of_run,
        "id_unique": texts_by_id.get(row.doc_id, row.text) != row.text,
    }
    broken = [rule for rule, failed in failures.items() if failed]
    assert len(broken) <= 1, row
    return broken[0] if broken else ""


def broken_rows(night: str) -> dict[tuple[str, int], str]:
    run_date = date.fromisoformat(TRUTH[night]["run_date"])
    texts_by_id: dict[str, str] = {}
    broken = {}
    for row in read_night(night):
        rule = rule_broken_by(row, run_date, texts_by_id)
        if rule:
            broken[row.file, row.row] = rule
        else:
            texts_by_id.setdefault(row.doc_id, row.text)
    return broken


def kept_rows(night: str) -> list[FeedRow]:
    """Give the rows of a night without the broken ones; duplicates are here."""
    broken = {(row["file"], row["row"]) for row in TRUTH[night]["broken"]}
    return [row for row in read_night(night) if (row.file, row.row) not in broken]


def texts_by_doc_id(night: str) -> dict[str, str]:
    return {row.doc_id: row.text for row in kept_rows(night)}


def straight(text: str) -> str:
    return text.replace("’", "'")


def test_generator_reproduces_the_committed_files_byte_for_byte(tmp_path: Path) -> None:
    feed, truth = tmp_path / "feed", tmp_path / "truth.json"
    subprocess.run([sys.executable, str(GENERATOR), str(feed), str(truth)], check=True)
    written = {path.relative_to(feed): path.read_bytes() for path in feed.glob("*/*")}
    committed = {path.relative_to(FEED): path.read_bytes() for path in FEED.glob("night-*/*")}
    assert written == committed
    assert truth.read_bytes() == TRUTH_FILE.read_bytes()


@every_night
def test_counts_add_up(night: str) -> None:
    truth, rows = TRUTH[night], read_night(night)
    counts = truth["counts"]
    assert counts["read"] == counts["good"] + counts["duplicates"] + counts["broken"] == len(rows)
    assert truth["rows"] == Counter(row.file for row in rows)
    assert counts["broken"] == len(truth["broken"])
    assert counts["duplicates"] == len(truth["duplicates"])
    assert 350 <= counts["read"] <= 400
    assert 6 <= counts["broken"] <= 8


@every_night
def test_broken_rows_are_exactly_those_that_plain_checks_find(night: str) -> None:
    recorded = {(row["file"], row["row"]): row["rule_id"] for row in TRUTH[night]["broken"]}
    assert broken_rows(night) == recorded


def test_every_rule_is_broken_somewhere() -> None:
    rules = {row["rule_id"] for night in NIGHTS for row in TRUTH[night]["broken"]}
    assert rules == {
        "row_parses",
        "text_decodes",
        "id_present",
        "id_unique",
        "text_present",
        "date_parses",
        "date_in_bounds",
        "control_characters",
    }


def test_duplicates_are_exactly_the_texts_that_came_before() -> None:
    first_copy: dict[str, tuple[str, str]] = {}
    for night in NIGHTS:
        found = []
        for row in kept_rows(night):
            if row.text not in first_copy:
                first_copy[row.text] = (row.doc_id, night)
                continue
            original, first_night = first_copy[row.text]
            kind = "same_row" if row.doc_id == original else "same_text"
            found.append([row.file, row.row, row.doc_id, original, kind, first_night])
        assert found == [list(duplicate.values()) for duplicate in TRUTH[night]["duplicates"]]


def test_both_kinds_of_duplicates_come_within_and_across_nights() -> None:
    kinds = {
        (duplicate["kind"], duplicate["first_night"] == night)
        for night in NIGHTS
        for duplicate in TRUTH[night]["duplicates"]
    }
    assert kinds == {(k, same) for k in ("same_row", "same_text") for same in (True, False)}


@every_night
def test_every_kept_document_has_one_theme(night: str) -> None:
    assert set(TRUTH[night]["themes"]) == set(texts_by_doc_id(night))


def test_one_theme_fades_out_and_one_is_born_on_the_third_night() -> None:
    sizes = {night: Counter(TRUTH[night]["themes"].values()) for night in NIGHTS}
    fading = [sizes[night]["ice_cream_maker"] for night in NIGHTS]
    born = [sizes[night]["heated_blanket_recall"] for night in NIGHTS]
    assert min(fading[:2]) >= 25
    assert 0 < fading[2] < 10
    assert fading[3] == 0
    assert born[:2] == [0, 0]
    assert min(born[2:]) >= 25
    assert len(set().union(*sizes.values())) == 12


@every_night
def test_ftfy_repairs_every_mojibake(night: str) -> None:
    texts, planted = texts_by_doc_id(night), TRUTH[night]["planted"]["mojibake"]
    assert len(planted) >= 5
    for doc_id, clean in planted.items():
        assert texts[doc_id] != clean
        assert straight(ftfy.fix_text(texts[doc_id])) == straight(clean)


@every_night
def test_nfkc_repairs_every_compatibility_form(night: str) -> None:
    texts, planted = texts_by_doc_id(night), TRUTH[night]["planted"]["nfkc"]
    assert len(planted) >= 3
    for doc_id, clean in planted.items():
        assert texts[doc_id] != clean
        assert unicodedata.normalize("NFKC", texts[doc_id]) == clean


@every_night
def test_marked_up_texts_hold_tags_and_entities_around_the_clean_text(night: str) -> None:
    texts, planted = texts_by_doc_id(night), TRUTH[night]["planted"]["html"]
    assert len(planted) >= 5
    for doc_id, clean in planted.items():
        assert re.search(r"<\w+[^>]*>", texts[doc_id])
        assert re.search(r"&#?\w+;", texts[doc_id])
        bare = html.unescape(re.sub(r"<[^>]*>", " ", texts[doc_id]))
        assert " ".join(bare.split()) == clean


def test_one_document_is_very_long_and_the_others_are_short() -> None:
    very_long = {
        doc_id: length
        for night in NIGHTS
        for doc_id, length in TRUTH[night]["planted"]["very_long"].items()
    }
    assert len(very_long) == 1
    for night in NIGHTS:
        for doc_id, text in texts_by_doc_id(night).items():
            if doc_id in very_long:
                assert len(text) == very_long[doc_id] > 20_000
            else:
                assert 5 <= len(html.unescape(text).split()) <= 70


@every_night
def test_tickets_hold_quoted_commas_quotes_and_line_ends(night: str) -> None:
    bodies = [row.text for row in kept_rows(night) if row.file == "tickets.csv"]
    for character in ",\n":
        assert sum(character in body for body in bodies) >= 20
    assert any('"' in body for body in bodies)


@every_night
def test_documents_are_dated_shortly_before_their_night_in_many_time_zones(night: str) -> None:
    repeated = {(d["file"], d["row"]) for d in TRUTH[night]["duplicates"]}
    rows = [row for row in kept_rows(night) if (row.file, row.row) not in repeated]
    run = datetime.combine(date.fromisoformat(TRUTH[night]["run_date"]), time.min, tzinfo=UTC)
    for row in rows:
        moment = moment_of(row.date)
        assert moment is not None
        assert 0 <= (run - moment).total_seconds() <= 24 * 3600 + 1
    endings = {re.sub(r".*T[\d:.]+", "", row.date) for row in rows if row.file == "reviews.jsonl"}
    assert {"Z", "+00:00", "+01:00", "-05:00", "+05:30"} <= endings


def test_feed_is_smaller_than_400_kilobytes() -> None:
    assert sum(path.stat().st_size for path in FEED.glob("**/*") if path.is_file()) < 400_000
