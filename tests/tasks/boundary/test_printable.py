import pytest

from tasks.boundary.printable import as_markup, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ntext", "plain\ntext"),
        ("\x1b[2J", "�[2J"),
        ("a\x07b\rc\x9bd", "a�b�c�d"),
        ("right\u202eleft", "right�left"),
    ],
)
def test_what_could_steer_a_terminal_is_replaced(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_markup_is_printed_as_it_is() -> None:
    assert as_markup("[red]a[/red]\x1b") == "\\[red]a\\[/red]�"
