"""Turn a text as it came into the text that is embedded: pure functions on strings."""

import hashlib
import re
import unicodedata
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
"""Signs that a text is marked up. A bare `<div>` or `List<String>` in prose is no such sign."""

_INLINE: Final = ["a", "b", "code", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u"]
"""Mark-up inside a line: taking it off leaves no gap between words."""

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
"""Those that are not white space: a form feed still parts two words."""


def clean_text(text: str) -> str:
    """Repair mojibake, take mark-up off, normalise characters (NFKC) and white space.

    A text without a visible character comes out empty. Applying it twice gives what applying it
    once gives, but for rare texts in which one repair lays open another.
    """
    text = ftfy.fix_text(text, normalization=None, uncurl_quotes=False)
    if _MARKUP.search(text):
        text = _without_markup(text)
    text = _CONTROLS.sub("", unicodedata.normalize("NFKC", text))
    text = " ".join(text.split())
    return text if any(mark != " " and unicodedata.category(mark) != "Cf" for mark in text) else ""


def cut_text(text: str, max_chars: int) -> tuple[str, bool]:
    """Cut a text at the last white space within the limit, and say whether it was cut."""
    if len(text) <= max_chars:
        return text, False
    head = text[:max_chars]
    at_space = head if text[max_chars].isspace() else head.rpartition(" ")[0]
    # One endless word has no white space to cut at.
    return (at_space if len(at_space) >= max_chars // 2 else head).rstrip(), True


def embedded_text(title: str | None, text: str) -> str:
    """Give the text that stands for a document: its title, where it has one, then its text."""
    return f"{title}\n{text}" if title else text


def text_digest(title: str | None, text: str) -> str:
    """Give the SHA-256, in hexadecimal, of the text that is embedded."""
    return hashlib.sha256(embedded_text(title, text).encode()).hexdigest()


def _without_markup(text: str) -> str:
    tree = LexborHTMLParser(text)
    for node in tree.css("script, style, head title"):
        node.decompose()
    tree.unwrap_tags(_INLINE)
    if tree.root is None:
        return text
    tree.root.merge_text_nodes()
    return str(tree.root.text(separator=" "))
