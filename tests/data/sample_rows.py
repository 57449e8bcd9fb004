"""One row of the sample feed: how it is written, and how it is made dirty or broken."""

import csv
import html
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from unicodedata import normalize

REVIEWS, TICKETS = "reviews.jsonl", "tickets.csv"
FILES = {REVIEWS: "review", TICKETS: "ticket"}

# Which check finds what is wrong with a broken row.
RULES = {
    "cut_line": "row_parses",
    "extra_field": "row_parses",
    "short_record": "row_parses",
    "latin_1_bytes": "text_decodes",
    "empty_id": "id_present",
    "no_id_key": "id_present",
    "null_id": "id_present",
    "reused_id": "id_unique",
    "empty_text": "text_present",
    "blank_text": "text_present",
    "date_in_words": "date_parses",
    "impossible_date": "date_parses",
    "far_future": "date_in_bounds",
    "terminal_codes": "control_characters",
    "null_characters": "control_characters",
}


@dataclass(frozen=True)
class Row:
    """One row of a feed file, and what the truth file tells about it."""

    file: str
    doc_id: str
    text: str
    date: str
    theme: str
    extra: dict[str, Any]  # stars and product of a review, title and channel of a ticket
    planted: str = ""  # html, mojibake, nfkc or very_long
    clean_text: str = ""  # what cleaning should make of the text
    duplicate_of: str = ""
    kind: str = ""  # of the duplicate: same_row or same_text
    first_night: str = ""
    form: str = ""  # of a broken row: a key of RULES

    def encoded(self) -> bytes:
        """Give the bytes of the row, line end included."""
        line = _json_line(self) if self.file == REVIEWS else _csv_record(self)
        return DAMAGE.get(self.form, bytes)(line.encode())


def _json_line(row: Row) -> str:
    """Write a review."""
    fields: dict[str, Any] = {} if row.form == "no_id_key" else {"review_id": row.doc_id}
    if row.form == "null_id":
        fields["review_id"] = None
    fields |= {"content": row.text, "stars": row.extra["stars"], "created_at": row.date}
    return json.dumps(fields | {"product": row.extra["product"]}, ensure_ascii=False) + "\n"


def _csv_record(row: Row) -> str:
    """Write a ticket; the csv module quotes commas, quotes and line ends."""
    record = io.StringIO()
    fields = (row.doc_id, row.extra["title"], row.text, row.date, row.extra["channel"])
    csv.writer(record, lineterminator="\n").writerow(fields)
    return record.getvalue()


# Broken rows whose values are fine and whose bytes are not.
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut_line": lambda line: line[: len(line) // 2] + b"\n",
    "extra_field": lambda line: line.rstrip(b"\n") + b",priority,high\n",
    "short_record": lambda line: b",".join(line.split(b",")[:2]) + b"\n",
    "latin_1_bytes": lambda line: line.replace("é".encode(), b"\xe9"),
}
# Broken rows with a value that is not fine.
SPOIL: dict[str, Callable[[Row], Row]] = {
    "cut_line": lambda row: replace(row, text=row.text.encode("ascii", "ignore").decode()),
    "short_record": lambda row: replace(row, extra=row.extra | {"title": "Please help me I"}),
    "latin_1_bytes": lambda row: replace(row, text=f"{row.text} (sent from the café)"),
    "empty_id": lambda row: replace(row, doc_id=""),
    "no_id_key": lambda row: replace(row, doc_id=""),
    "null_id": lambda row: replace(row, doc_id=""),
    "empty_text": lambda row: replace(row, text="", extra=row.extra | {"title": ""}),
    "blank_text": lambda row: replace(row, text="  \n\t "),
    "date_in_words": lambda row: replace(row, date="some time last week"),
    "impossible_date": lambda row: replace(row, date="2026-02-30" + row.date[10:]),
    "far_future": lambda row: replace(row, date=row.date.replace("2026", "2062")),
    "terminal_codes": lambda row: replace(row, text=row.text.replace(" ", " \x1b[31m\x07")),
    "null_characters": lambda row: replace(row, text=row.text.replace(" ", "\x00 \x08")),
}


# What stands before, between and after the sentences.
MARKUP = (
    ('<div class="body"><p>', "</p><p>", "</p></div>"),
    ("<p><b>", "</b></p>\n<p><b>", "</b></p><!-- sent from the web form -->"),
    ('<span style="color:#222">', "<br>", "</span><br/>"),
    ("<ul><li>", "</li><li>", "</li></ul>"),
)


def can_be(kind: str, text: str) -> bool:
    """Say whether a text has characters that this kind of dirt can befall."""
    if kind == "mojibake":
        accents = {character for character in text if not character.isascii()}
        return accents <= set("é€£") and bool(accents | set(text) & {"'"})
    return kind == "html" or "fi" in text or any(map(str.isdigit, text))


def _as_html(text: str) -> tuple[str, str]:
    """Write every sentence in mark-up of its own, with entities."""
    escaped = html.escape(" ".join(text.split())).replace("é", "&eacute;").replace("€", "&euro;")
    before, between, after = MARKUP[len(text) % len(MARKUP)]
    sentences = escaped.replace(" ", "&nbsp;", 1).replace(". ", f".{between}")
    return f"{before}{sentences}{after}", " ".join(text.split())


def _as_mojibake(text: str) -> tuple[str, str]:
    """Read the UTF-8 bytes of a text with typographic apostrophes as Windows-1252."""
    clean = text.replace("'", "’")
    return clean.encode().decode("cp1252"), clean


def _as_compatibility(text: str) -> tuple[str, str]:
    """Write ligatures, full-width digits and a no-break space, which NFKC takes back."""
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    dirty = text.replace("fi", "ﬁ").translate(wide).replace(" ", "\u00a0", 1)
    return dirty, normalize("NFKC", dirty)


MAKE_DIRTY = {"html": _as_html, "mojibake": _as_mojibake, "nfkc": _as_compatibility}
