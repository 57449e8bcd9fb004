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
