import pytest
from rich.text import Text

from tasks.boundary.printable import as_markup


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ntext", "plain\ntext"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\x07b\rc\x9bd", r"a\x07b\rc\x9bd"),
        ("right\u202eleft", r"right\u202eleft"),
        ("[red]a[/red]", "[red]a[/red]"),
        ("\x1b[red]a", r"\x1b[red]a"),
        ("a family: \U0001f468\u200d\U0001f469", "a family: \U0001f468\u200d\U0001f469"),
    ],
)
def test_a_text_neither_steers_the_terminal_nor_is_taken_for_markup(text: str, shown: str) -> None:
    assert Text.from_markup(as_markup(text)).plain == shown
