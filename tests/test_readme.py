"""The README is short; every table and column is described, and no link leads nowhere."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLES = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 200


def test_the_tables_are_those_of_the_code() -> None:
    written = runpy.run_path(str(ROOT / "docs" / "write_tables.py"))["page"](TABLES)
    assert written == TABLES, "run: make docs"


def test_settings_commands_and_estimators_are_those_of_the_code() -> None:
    reference = runpy.run_path(str(ROOT / "docs" / "write_reference.py"))
    for name in reference["PAGES"]:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert reference["page"](name, text) == text, "run: make docs"


def test_the_arithmetic_of_scale_is_that_of_the_figures() -> None:
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    written = runpy.run_path(str(ROOT / "docs" / "write_scale.py"))["page"](text)
    assert written == text, "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    """Links are looked up from the page, names of files in backticks from the top."""
    text = page.read_text(encoding="utf-8")
    links = [page.parent / it for it in re.findall(r"\]\((?!http|#)([^)#]+)", text)]
    named = re.findall(
        r"`((?:docs|flows|tasks|models|validation|tests|deployments)/[^`\s:{]+)", text
    )
    missing = [it for it in [*links, *(ROOT / it for it in named)] if not it.exists()]
    assert missing == []


def slugs_of(page: Path) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {it.strip().replace(" ", "-") for it in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_heading_that_a_page_links_to_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!http)([^)#]*)#([^)]+)\)", text)
    there = {file: slugs_of((page.parent / file) if file else page) for file, _ in links}
    assert [(file, name) for file, name in links if name not in there[file]] == []


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = re.findall(r"\]\(([^)#]+)", index.read_text(encoding="utf-8"))
    there = {(index.parent / it).resolve() for it in linked}
    pages = {it.resolve() for it in PAGES if it.parent != ROOT} - {index}
    assert pages - there == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[^`\s:]+\.py)::(\w+)`", text)
    gone = [
        f"{file}::{test}"
        for file, test in named
        if f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert gone == []
