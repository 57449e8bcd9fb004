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

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def clean_text(text: str) -> str:
    """Repair mojibake, take mark-up off, normalise characters (NFKC) and white space.

    Applying it twice gives what applying it once gives.
    """
    text = ftfy.fix_text(text, normalization=None, uncurl_quotes=False)
    if _MARKUP.search(text):
        text = _without_markup(text)
    text = _CONTROLS.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(text.split())


def cut_text(text: str, max_chars: int) -> tuple[str, bool]:
    """Cut a text at the last white space within the limit, and say whether it was cut."""
    if len(text) <= max_chars:
        return text, False
    head = text[:max_chars]
    at_space = head.rsplit(maxsplit=1)[0] if not text[max_chars].isspace() else head
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
    return str(tree.root.text(separator=" ")) if tree.root is not None else text
