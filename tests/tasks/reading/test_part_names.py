"""Names of ids, texts and titles that are made of what a document is called, and what of it."""

import pytest

from tasks.reading.columns import FileColumns
from tasks.reading.guesses import GUESSES, find_guess, looks_like
from tasks.reading.named_columns import Columns


@pytest.mark.parametrize(
    ("part", "spelled"),
    [
        ("doc_id", "Case Number, Issue key, Review reference number, request_id, Ticket No."),
        ("text", "Ticket description, Email Body, surveyComments, Case Details, answer_text"),
        ("title", "Ticket title, email_subject, Issue Summary, articleHeadline"),
    ],
)
def test_a_document_and_what_of_it_is_that_part_and_no_other(part: str, spelled: str) -> None:
    for name in spelled.split(", "):
        assert find_guess(part, ["status", name]) == name
        assert [it for it in GUESSES if looks_like(name, it)] == [part]


def test_what_is_of_people_products_and_many_documents_is_no_part() -> None:
    others = (
        "Order Number, customer_id, Product description, Email ID, Article ID, Survey ID, name,"
        " Conversation ID, Developer Reply Text, Review Username, Ticket status, user_comment_count"
    )
    assert not any(looks_like(name, part) for name in others.split(", ") for part in GUESSES)


def test_a_usual_name_comes_first_then_the_likeliest_role() -> None:
    assert find_guess("text", ["Case Description", "body"]) == "body"
    assert find_guess("text", ["Case Details", "Case Description"]) == "Case Description"
    assert find_guess("doc_id", ["Case Number", "Case Key"]) == "Case Key"


def test_a_count_of_comments_is_no_text() -> None:
    columns = FileColumns(Columns(), "a file", set())
    columns.admit({"id": "a", "comments": 12, "title": "Slow since the update"})
    columns.settle()
    assert "text" not in columns.mapping
