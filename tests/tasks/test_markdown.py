from tasks.markdown import as_cell, escape_markdown


def test_marks_lose_their_meaning() -> None:
    assert escape_markdown("[x](http://e) | <b>\x1b[31m") == r"\[x\]\(http://e\) \| \<b\>\[31m"


def test_a_cell_holds_one_text_without_marks_or_the_value_itself() -> None:
    assert as_cell("*late*") == r"\*late\*"
    assert as_cell(["no_signal", "refund"]) == r"no\_signal, refund"
    assert [as_cell(value) for value in (3, 0.5, True, None)] == [3, 0.5, True, None]
