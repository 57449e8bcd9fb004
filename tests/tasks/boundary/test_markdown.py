import datetime
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from tasks.boundary.markdown import as_cell, escape_markdown

HOSTILE = [
    "https://evil.example/x",
    "https://evil%2Ecom/x",
    "HTTPS://EVIL.EXAMPLE",
    "http://127.0.0.1:4200/api",
    "ftp://evil.example/a",
    "//evil.example/x",
    "www.evil.example",
    "evil.com",
    "evil.com/path?x=1&y=2#z",
    "http://evil。com/",
    "http://xn--80ak6aa92e.com",
    "user@evil.com",
    "mailto:user@evil.com",
    "xmpp:user@evil.com",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "[x](https://evil.example)",
    "[x]: https://evil.example\n[x]",
    "![x](https://evil.example/pixel.png)",
    "<https://evil.example>",
    "<a href='https://evil.example'>x</a>",
    "<img src=https://evil.example/pixel.png>",
    "https&colon;//evil.example",
    "https&#58;&#47;&#47;evil.example",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[x][y] [y]",
    "[^1]: note",
    "\\[x](https://evil.example)",
    "\\\\[x](https://evil.example)",
    "`https://evil.example`",
    "| a | b |\n|---|---|",
    "# heading",
    "- item\n1. item",
    "---",
    "===",
    "**bold** ~~gone~~ _thin_",
    "\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "\u202ehttps://evil.example",
]
# As the UI and common viewers read it: tables, strikethrough, HTML, and links that are only named.
PERMISSIVE = MarkdownIt("gfm-like", {"html": True, "linkify": True})


class Elements(HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("payload", HOSTILE, ids=ascii)
@pytest.mark.parametrize("line", ["{}", "# {}", "- {}", "a {} b", "({})"])
def test_no_text_of_a_feed_is_more_than_text(payload: str, line: str) -> None:
    def rendered(text: str) -> Elements:
        return Elements(PERMISSIVE.render(line.format(text)))

    found = rendered(escape_markdown(payload))
    assert found.names == rendered("word").names
    shown = "".join(mark for mark in payload if mark.isprintable() or mark == "\n")
    assert " ".join(shown.split()) in " ".join(found.text.split())


@pytest.mark.parametrize("payload", HOSTILE, ids=ascii)
def test_no_text_of_a_feed_leaves_its_cell(payload: str) -> None:
    page = PERMISSIVE.render(f"| id | size |\n|---|---|\n| {as_cell(payload)} | 3 |\n")
    assert Elements(page).names == {"table", "thead", "tbody", "tr", "th", "td"}
    assert page.count("<td>") == 2


def test_the_renderer_makes_links_of_what_is_not_escaped() -> None:
    """The test of the tests: without the escapes these payloads are live."""
    live = [it for it in HOSTILE if {"a", "img"} & Elements(PERMISSIVE.render(it)).names]
    assert len(live) >= 15


def test_marks_lose_their_meaning() -> None:
    assert escape_markdown("[x](http://e) | <b>\x1b[31m") == r"\[x\]\(http\:\/\/e\) \| \<b\>\[31m"


def test_a_cell_holds_one_text_without_marks_or_the_number_itself() -> None:
    assert as_cell("*late*") == r"\*late\*"
    assert as_cell(["no_signal", "refund"]) == r"no\_signal, refund"
    assert [as_cell(value) for value in (3, 0.5, True, None)] == [3, 0.5, True, None]
    assert as_cell({"*a*": 1}) == r"\{\'\*a\*\'\: 1\}"
    assert as_cell(datetime.date(2026, 3, 1)) == r"2026\-03\-01"
