"""What of a mail its sender wrote tonight: without quotes, signature and lines of all mails.

Pure functions on plain text, in time linear in it. mail-parser-reply was tried: it takes
a list with hyphens for a signature, and 40 seconds for a text of 20 KB that says "On" very often.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

MIN_REPEATS: Final = 20
"""Texts that must have a line before it is boilerplate: five people may well write the same."""

MIN_REPEAT_SHARE: Final = 0.05
"""Their share of tonight's texts: in 10,000 mails, twenty times the same question is a story."""

_MIN_LEFT_CHARS: Final = 10
"""Without its repeated lines a text must still say something; if not, they are what it says."""

_MAX_SIGNATURE_LINES: Final = 15
"""After two hyphens; a longer text below them is no signature, and they are a rule across it."""

_MAX_INTRODUCTION: Final = 300
"""Characters of the longest line that introduces a quote: names, addresses and a date."""

_QUOTED: Final = re.compile(r"\s*(?:>|&gt;)")
_SIGNATURE: Final = re.compile(r"--\s*")
_INTRODUCED: Final = re.compile(
    r"(?:On|Am|Le|El|Il|Op|Den|Em|W dniu)\s.*"
    r"(?:wrote|schrieb(?:\s.*)?|a écrit|escribió|ha scritto|schreef(?:\s.*)?|skrev(?:\s.*)?"
    r"|escreveu|napisał\(?a?\)?)\s?:",
    re.IGNORECASE,
)
_ORIGINAL: Final = re.compile(
    r"-{3,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original"
    r"|Messaggio originale|Oorspronkelijk bericht|Mensagem original)\s*-{3,}",
    re.IGNORECASE,
)
"""What mail programs put above a quote, in the languages that they speak most."""


def without_quotes(text: str) -> str:
    """Return a mail without quoted lines and signature; whole where nothing else is in it.

    Parameters
    ----------
    text
        Plain text as it came.
    """
    lines = text.splitlines()
    own = _without_signature(list(_own_lines(lines)))
    if len(own) == len(lines) or not any(map(str.strip, own)):
        return text
    return "\n".join(own)


def repeated_lines(texts: Iterable[str]) -> frozenset[str]:
    """Find the lines that many texts have, whatever the order of the texts.

    Parameters
    ----------
    texts
        From `without_quotes`; texts that are the same count once.

    Returns
    -------
    The lines in the form that `without_lines` takes.
    """
    n_texts: Counter[str] = Counter()
    seen: set[bytes] = set()
    for text in texts:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        if digest not in seen:
            seen.add(digest)
            n_texts.update({_folded(line) for line in text.splitlines()} - {""})
    least = max(MIN_REPEATS, MIN_REPEAT_SHARE * len(seen))
    return frozenset(line for line, n in n_texts.items() if n >= least)


def without_lines(text: str, repeated: Collection[str]) -> str:
    """Return a text without repeated lines; whole where hardly anything else is in it."""
    lines = text.splitlines()
    left = [line for line in lines if _folded(line) not in repeated]
    if len(left) == len(lines) or len("".join(left).strip()) < _MIN_LEFT_CHARS:
        return text
    return "\n".join(left)


def _own_lines(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines that are not quoted, up to a quote that has no marks."""
    position = 0
    while position < len(lines):
        n_above = _n_introducing(lines, position)
        if n_above and not _is_marked(lines, position + n_above):
            return
        if not n_above and not _QUOTED.match(lines[position]):
            yield lines[position]
        position += n_above or 1


def _n_introducing(lines: Sequence[str], position: int) -> int:
    """Count the lines here that introduce a quote; mail programs break a long one in two."""
    here, *below = (line.strip() for line in lines[position : position + 2])
    if _introduces(here):
        return 1
    # A sentence of one's own above an introduction is no part of it.
    is_broken = below and not _introduces(below[0]) and _introduces(f"{here} {below[0]}")
    return 2 if is_broken else 0


def _introduces(line: str) -> bool:
    is_short = len(line) <= _MAX_INTRODUCTION
    return is_short and bool(_INTRODUCED.fullmatch(line) or _ORIGINAL.fullmatch(line))


def _is_marked(lines: Sequence[str], position: int) -> bool:
    """Return whether the next line that is not blank is marked as a quote."""
    following = (line for line in lines[position:] if line.strip())
    return _QUOTED.match(next(following, "")) is not None


def _without_signature(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines above the last two hyphens, if what is below is short enough."""
    n_below = 0
    for position in range(len(lines) - 1, -1, -1):
        if _SIGNATURE.fullmatch(lines[position]):
            return lines[:position]
        n_below += bool(lines[position].strip())
        if n_below > _MAX_SIGNATURE_LINES:
            return lines
    return lines


def _folded(line: str) -> str:
    return " ".join(line.split()).casefold()
