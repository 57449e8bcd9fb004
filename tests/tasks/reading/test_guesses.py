"""The usual names: one form each, and all of them in the documentation."""

from pathlib import Path

import pytest

from tasks.reading.guesses import GUESSES, find_guess, folded, looks_like

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


@pytest.mark.parametrize("part", list(GUESSES))
def test_the_page_lists_every_name(part: str) -> None:
    names = ", ".join(f"`{name}`" for name in GUESSES[part])
    assert f"| `{part}` | {names} |" in PAGE.read_text(encoding="utf-8")


def test_no_name_stands_for_two_parts() -> None:
    names = [folded(name) for part in GUESSES for name in {folded(it) for it in GUESSES[part]}]
    assert len(names) == len(set(names))


def test_names_are_compared_without_case_and_separators() -> None:
    assert folded("Größe_der-Straße 2") == "grössederstrasse2"
    assert looks_like("Created At", "timestamp")
    assert not looks_like("createdBy", "timestamp")
    assert find_guess("doc_id", ["user", "name"]) is None


def test_what_is_done_to_a_document_and_when_is_its_date() -> None:
    spelled = (
        "Submitted, Submitted At, Review Date, Reviewed On, Posted, Opened, Date Received,"
        " Ticket Created, Created time, Review Submit Date and Time, Date/Time Opened, Created At"
        " (UTC), sys_created_on, RecordedDate, Date & Time, Date of Complaint, sentAt"
    )
    for name in spelled.split(", "):
        assert find_guess("timestamp", ["id", "text", name]) == name


def test_how_long_and_what_changes_later_and_dates_of_people_are_no_dates_of_documents() -> None:
    others = (
        "Response Time, ticket_time, updated_at, Closed, Review Last Update Date and Time, on,"
        " order_date, user_created_at, Due Date, Opened By, Time to Close, reported, Reviewer, sent"
    )
    assert not any(looks_like(name, "timestamp") for name in others.split(", "))
    names = [name for part in GUESSES if part != "timestamp" for name in GUESSES[part]]
    assert not any(looks_like(name, "timestamp") for name in names)


def test_a_usual_name_of_a_date_comes_first_then_the_deed_that_is_done_first() -> None:
    assert find_guess("timestamp", ["Date Opened", "Review Date"]) == "Review Date"
    assert find_guess("timestamp", ["Sent At", "Ticket Opened", "Issue Created"]) == "Issue Created"
