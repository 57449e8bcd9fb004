"""Turn a text as it came into the text that is embedded: pure functions on strings."""

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import ftfy
from selectolax.lexbor import LexborHTMLParser

_TAGS: Final = (
    "a|abbr|article|b|blockquote|body|br|code|dd|div|dl|dt|em|font|footer|h[1-6]|head|header|hr|html|i|img|li|"
    "main|meta|nav|ol|p|pre|script|section|small|span|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|u|ul"
)
_MARKUP: Final = re.compile(
    rf"</(?:{_TAGS})\s*>|<(?:br|hr|p|li|!--)\b[^<>]*>|<(?:{_TAGS})\s+[a-z-]+\s*=[^<>]*>|<!--",
    re.IGNORECASE,
)
"""Signs that a text is marked up. A bare `<div>` or `List<String>` in prose does not count."""

_INLINE: Final = ["a", "b", "code", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u"]
"""Mark-up inside a line: taking it off leaves no gap between words."""

_TAG: Final = re.compile(r"</?[a-z][a-z0-9]*|<!--|-->", re.IGNORECASE)
_HIDDEN: Final = {"<!--": "-->", "<script": "</script", "<style": "</style"}
"""What is not shown, and where it ends."""

_MAX_TAGS: Final = 1_000
"""Tags in a piece of mark-up; a thousand that nest cost milliseconds, 100,000 cost a minute."""

_MANY_ATTRIBUTES: Final = re.compile(
    r"""(<[a-z][a-z0-9]*)(?:\s++[^\s<>"'=]++(?:=(?:"[^"]*+"|'[^']*+'|[^\s<>"']*+))?+){200,}+""",
    re.IGNORECASE,
)
"""A tag with more attributes than any real one: each is compared with all the others."""

_MAX_MARKS: Final = 30
"""Combining marks in a row; UAX #15 knows no language that needs more."""

_MARGIN: Final = 2
"""How many times as much as is kept must come out of a beginning for what is kept to be certain;
twice that is taken in, for mark-up that is taken off."""
_GROWTH: Final = 4

_LONGEST_ENTITY: Final = 33
"""``&CounterClockwiseContourIntegral;``: one that is torn must stand behind what is kept."""

_EMPTY_LINES: Final = re.compile(r"\n[ \t\r\n]+")

_NOTHING_TO_REPAIR: Final = re.compile(r"[\t\n\x20-%'-~]*+")
"""ASCII but for `&`, which begins an entity, and control characters: no repair and no normal form
changes it. Most texts in English are such, and looking for repairs took most of a preparation."""

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
"""Those that are not white space: a form feed still parts two words."""


def is_marked_up(text: str) -> bool:
    """Return whether a text has mark-up that is taken off."""
    return "<" in text and _MARKUP.search(text) is not None


def clean_text(text: str) -> str:
    """Repair mojibake, take mark-up off, normalise characters (NFKC) and white space.

    A text without a visible character comes out empty. Applying it twice gives what applying it
    once gives, but for rare texts in which one repair lays open another.
    """
    return _cleaned(text, is_marked_up(text))


def clean_beginning(text: str, max_chars: int) -> tuple[str, bool]:
    """Clean a text and cut it as `cut_text` does, without cleaning much more than is kept.

    Parameters
    ----------
    text
        Of any length; its time is linear in it, and mostly in `max_chars`.
    max_chars
        The length to cut to.

    Returns
    -------
    What ``cut_text(clean_text(text), max_chars)`` gives, and whether it was cut.
    """
    has_markup = is_marked_up(text)
    n_chars = _MARGIN * _MARGIN * max_chars
    while n_chars < len(text):
        head = text[:n_chars]
        if has_markup and head.rfind("<") > head.rfind(">"):
            # The parser would take a tag that never ends for text.
            head = head[: head.rfind("<")]
        clean = _cleaned(head, has_markup)
        # What the cut tore, a word, a tag or an entity, stands behind what is kept.
        if len(clean) >= max(_MARGIN * max_chars, max_chars + _LONGEST_ENTITY):
            return cut_text(clean, max_chars)
        n_chars *= _GROWTH
    return cut_text(_cleaned(text, has_markup), max_chars)


def _cleaned(text: str, has_markup: bool) -> str:
    if not has_markup and _NOTHING_TO_REPAIR.fullmatch(text):
        return " ".join(text.split())
    # ftfy goes line by line, so empty ones are taken out before it counts them.
    text = _EMPTY_LINES.sub("\n", text)
    text = ftfy.fix_text(text, normalization=None, uncurl_quotes=False)
    if has_markup or is_marked_up(text):
        pieces = _pieces(_MANY_ATTRIBUTES.sub(r"\1", text))
        text = " ".join(map(_without_markup, pieces))
    text = unicodedata.normalize("NFKC", _without_endless_marks(text))
    text = " ".join(_CONTROLS.sub("", text).split())
    return text if any(mark != " " and unicodedata.category(mark) != "Cf" for mark in text) else ""


def cut_text(text: str, max_chars: int) -> tuple[str, bool]:
    """Cut a text at the last white space within the limit, and return whether it was cut."""
    if len(text) <= max_chars:
        return text, False
    head = text[:max_chars]
    at_space = head if text[max_chars].isspace() else head.rpartition(" ")[0]
    # One endless word has no white space to cut at.
    return (at_space if len(at_space) >= max_chars // 2 else head).rstrip(), True


def embedded_text(title: str | None, text: str) -> str:
    """Return the text that stands for a document: its title, where it has one, then its text."""
    return f"{title}\n{text}" if title else text


def text_digest(title: str | None, text: str) -> str:
    """Return the SHA-256, in hexadecimal, of the text that is embedded."""
    return hashlib.sha256(embedded_text(title, text).encode()).hexdigest()


def _pieces(text: str) -> Iterator[str]:
    """Cut mark-up before every so many tags: parsing takes the square of how deep they nest.

    Where there is one, the cut is before a tag that parts words anyway, and not in a comment, a
    script or a style.
    """
    first, n_tags, until = 0, 0, ""
    for found in _TAG.finditer(text):
        mark = found[0].lower()
        n_tags += mark[1] not in "/-"
        if not until:
            is_between_words = mark.strip("</") not in _INLINE
            until = _HIDDEN.get(mark, "")
        else:
            is_between_words = False
            until = "" if mark == until else until
        if n_tags > (_MAX_TAGS if is_between_words else 2 * _MAX_TAGS):
            yield text[first : found.start()]
            first, n_tags = found.start(), 0
    yield text[first:]


def _without_endless_marks(text: str) -> str:
    """Limit runs of combining marks, as UAX #15 does in its Stream-Safe Text Format.

    Normalisation sorts each run, in the square of its length.
    """
    return text if text.isascii() else _endless_marks().sub(r"\1", text)


@functools.cache
def _endless_marks() -> re.Pattern[str]:
    """Return the pattern of a run that is too long; its first group is what stays."""
    # Beyond these two planes no character combines.
    marks = (chr(code) for code in range(0x300, 0x20000) if not 0xD800 <= code < 0xE000)
    combining = "".join(
        mark for mark in marks if unicodedata.combining(unicodedata.normalize("NFKD", mark)[0])
    )
    return re.compile(f"([{combining}]{{{_MAX_MARKS}}})[{combining}]+")


def _without_markup(text: str) -> str:
    tree = LexborHTMLParser(text)
    for node in tree.css("script, style, head title"):
        node.decompose()
    tree.unwrap_tags(_INLINE)
    if tree.root is None:
        return text
    tree.root.merge_text_nodes()
    return str(tree.root.text(separator=" "))
