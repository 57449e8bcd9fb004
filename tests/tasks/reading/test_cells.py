import pytest

from tasks.reading.cells import NOTHING, CellForms, CellReader


@pytest.mark.parametrize("word", [*NOTHING, "null", "nan", "#n/a", " None\t", r"\N"])
@pytest.mark.parametrize("part", ["doc_id", "text", "title", "timestamp", "source", "withdrawn"])
def test_a_word_for_nothing_is_absent_where_it_stands_alone(part: str, word: str) -> None:
    cells = CellReader(CellForms())
    assert cells.read({part: word, "label": "a"}) == {"label": "a"}
    assert cells.n_nothing == {part: 1}


@pytest.mark.parametrize("text", ["None of it works", "Nanny", "- ok", "", "N", "\\"])
def test_a_text_that_only_has_such_a_word_is_kept(text: str) -> None:
    cells = CellReader(CellForms())
    assert cells.read({"text": text, "title": None}) == {"text": text}
    assert not cells.n_nothing


def test_a_class_may_be_called_none() -> None:
    assert CellReader(CellForms()).read({"label": "None"}) == {"label": "None"}


def test_the_words_can_be_others() -> None:
    cells = CellReader(CellForms(nothing=("keine Angabe", "GROSS")))
    assert cells.read({"text": "Keine angabe", "title": "groß"}) == {}
    assert cells.read({"text": "NULL"}) == {"text": "NULL"}
    assert CellReader(CellForms(nothing=())).read({"text": "NULL"}) == {"text": "NULL"}


def test_cells_are_counted_by_their_part() -> None:
    cells = CellReader(CellForms())
    for _ in range(1_000):
        cells.read({"text": "NULL", "doc_id": "7"})
    cells.read({"text": "x", "doc_id": "-"})
    assert cells.counted() == "1 of doc_id, 1,000 of text"


def test_only_dates_are_read_by_the_format_of_dates() -> None:
    said = dict.fromkeys(("doc_id", "text", "timestamp", "withdrawn"), "07/08/2019")
    read = CellReader(CellForms(date_format="%d/%m/%Y")).read(said)
    iso = "2019-08-07T00:00:00"
    assert read == said | {"timestamp": iso, "withdrawn": iso}
