"""What is left of a mail: what its sender wrote, and never nothing."""

import random

import pytest

from tasks.preparing.texts.mail import repeated_lines, without_lines, without_quotes

OWN = "The kettle leaks.\nPlease send another."


@pytest.mark.parametrize(
    "below",
    [
        "> Dear Ann\n> we are sorry",
        "\nOn Mon, 2 Mar 2026 at 10:00, Support <s@shop.example> wrote:\n\n> we are sorry\n>> hm",
        "On Mon, 2 Mar 2026 at 10:00, Support\n<s@shop.example> wrote:\n> we are sorry",
        "Am 02.03.2026 um 10:00 schrieb Support:\nwe are sorry\nwithout any marks",
        "-----Original Message-----\nFrom: Support\nwe are sorry",
        "&gt; we are sorry",
        "-- \nAnn Example\nExample Ltd",
        "--\nAnn Example\n\n\n",
        "-- \nAnn Example\n> we are sorry\nOn Monday Bob wrote:\n> hm",
    ],
)
def test_quotes_and_signatures_are_cut(below: str) -> None:
    assert without_quotes(f"{OWN}\n{below}").strip() == OWN


def test_an_answer_below_its_quote_stays() -> None:
    mail = f"On Monday Bob wrote:\n> Does it leak?\n{OWN}\n> And the lid?\nIt is fine."
    assert without_quotes(mail) == f"{OWN}\nIt is fine."


def test_a_sentence_above_an_introduction_stays() -> None:
    mail = "Am Montag kam nichts an\nAm 02.03.2026 schrieb Support:\n> wir liefern"
    assert without_quotes(mail) == "Am Montag kam nichts an"


@pytest.mark.parametrize(
    "text",
    [
        "",
        OWN,
        "> nothing\n> but quotes",
        "On Monday Bob wrote:\nall of it is his",
        "-- \nAnn",
        "- a list\n- of things\n-- or three",
        "a --\nb",
        "We wrote:\nto you",
        "Title\n--\n" + "\n".join(f"line {n}" for n in range(16)),
        OWN + "\nOn " + "x" * 400 + " wrote:\nwhat is no introduction",
    ],
)
def test_what_is_nothing_else_is_kept(text: str) -> None:
    assert without_quotes(text) == text


def test_a_long_text_takes_no_long_time() -> None:
    text = "On x \n" * 30_000 + "\n" * 30_000
    assert without_quotes(text)


def test_lines_that_many_texts_have_are_found_in_any_order() -> None:
    texts = [f"Question {n}\n  Confidential:  do NOT read\n\n" for n in range(19)]
    assert repeated_lines(texts) == frozenset()
    assert repeated_lines([*texts, texts[0]]) == frozenset()
    texts.append("Another\nconfidential: do not read\nconfidential: do not read")
    found = repeated_lines(texts)
    assert found == {"confidential: do not read"}
    random.Random(0).shuffle(texts)
    assert repeated_lines(texts) == found
    others = [f"Plain {n}" for n in range(381)]
    assert repeated_lines([*texts, *others]) == frozenset()


def test_a_text_of_hardly_anything_else_keeps_its_repeated_lines() -> None:
    repeated = frozenset({"where is my parcel?", "kind regards"})
    assert (
        without_lines("Hello Bob, tell me\nWhere is my parcel?", repeated) == "Hello Bob, tell me"
    )
    for text in ("Where is my parcel?\nKind regards", "Hi,\nWhere is my parcel?", "Other"):
        assert without_lines(text, repeated) == text
