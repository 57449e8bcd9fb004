"""Cut texts into passages, each of which speaks of one thing where the writer let it.

Sentences come from `sentencex`; long ones are cut where they pause, short ones stay with their
neighbour. Nothing here is a list of words: the marks are those of any script.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

LONG: Final = 60
"""Weight beyond which a sentence is cut where it pauses: a dozen words of English."""

SHORT: Final = 10
"""Weight below which a piece is no passage: "Yes.", "5/5" and "Very good" name no theme.

At 12 the Vietnamese for "fair prices" is one of these, so it is no higher."""

MOST: Final = 600
"""Weight that no passage exceeds: encoders read 256 tokens, about so many letters and a half."""

MAX_PASSAGES: Final = 64
"""Of one text: a transcript of a thousand sentences is cut more coarsely."""

_PAUSE: Final = re.compile(
    r"(?<=[,;:…])(?=\s)|(?<=[.!?])(?=\s)|(?<=[，；：、。！？])|(?=\s[-–—•*·]\s)|(?<=—)|(?=\s\()|(?<=\))(?=\s)"
)
"""Where a sentence pauses; a comma within a number has no white space behind it."""

_LINE_BREAK: Final = re.compile(r"(?<=\n)(?!\n)")

_NO_LETTERS: Final = bytes(code for code in range(128) if not chr(code).isalpha())
_WIDE: Final = re.compile(r"[\u2e80-\u2fdf\u3041-\u9fff\uac00-\ud7af\uf900-\ufaff]")
"""Signs that stand for a syllable or a word: they weigh as much as the letters of one."""

_WIDE_WEIGHT: Final = 4


class Span(NamedTuple):
    """Where a passage stands in its text: ``text[start:end]``."""

    start: int
    end: int


def passages(text: str, language: str = "en") -> list[Span]:
    """Cut a text into its passages.

    Parameters
    ----------
    text
        Any.
    language
        ISO 639-1 code, for abbreviations; one that is not known is read like English.

    Returns
    -------
    In their order; they do not overlap, and cover all of the text but white space. One at least,
    unless the text is all white space.
    """
    pieces: list[Span] = []
    for sentence in _sentences(text, language):
        pieces += _joined(text, _at_pauses(text, sentence), SHORT)
    joined = _joined(text, pieces, max(SHORT, weight(text) // MAX_PASSAGES))
    cut = [part for it in joined for part in _bounded(text, it)]
    return [it for it in (_stripped(text, it) for it in cut) if it.start < it.end]


def weight(text: str) -> int:
    """Count the letters of a text; a sign that stands for a word counts as several."""
    if text.isascii():
        return len(text.encode().translate(None, _NO_LETTERS))
    return sum(map(str.isalpha, text)) + (_WIDE_WEIGHT - 1) * len(_WIDE.findall(text))


def _sentences(text: str, language: str) -> Iterator[Span]:
    """Yield the sentences and lines of a text, without gaps."""
    import sentencex

    start = 0
    for sentence in sentencex.segment(language, text):
        yield from _cut(Span(start, start + len(sentence)), _LINE_BREAK, text)
        start += len(sentence)


def _at_pauses(text: str, sentence: Span) -> list[Span]:
    """Cut a sentence where it pauses, if it is long."""
    if weight(text[sentence.start : sentence.end]) <= LONG:
        return [sentence]
    return list(_cut(sentence, _PAUSE, text))


def _cut(span: Span, mark: re.Pattern[str], text: str) -> Iterator[Span]:
    """Cut a span at every place that a mark matches."""
    start = span.start
    for found in mark.finditer(text, span.start, span.end):
        if start < found.start() < span.end:
            yield Span(start, found.start())
            start = found.start()
    yield Span(start, span.end)


def _joined(text: str, pieces: list[Span], least: int) -> list[Span]:
    """Join neighbours until each weighs enough; the last joins the one before it."""
    joined: list[Span] = []
    is_open = False
    for piece in pieces:
        if is_open:
            joined[-1] = Span(joined[-1].start, piece.end)
        else:
            joined.append(piece)
        is_open = weight(text[joined[-1].start : joined[-1].end]) < least
    if is_open and len(joined) > 1:
        last = joined.pop()
        joined[-1] = Span(joined[-1].start, last.end)
    return joined


def _bounded(text: str, span: Span) -> Iterator[Span]:
    """Cut what is too long after so many characters, at white space where there is any."""
    start = span.start
    while weight(text[start : span.end]) > MOST:
        width = MOST // (_WIDE_WEIGHT if _WIDE.search(text, start, start + MOST) else 1)
        space = text.rfind(" ", start + width // 2, start + width)
        end = space if space > 0 else start + width
        yield Span(start, end)
        start = end
    yield Span(start, span.end)


def _stripped(text: str, span: Span) -> Span:
    """Leave out white space at both ends."""
    kept = text[span.start : span.end]
    start = span.start + len(kept) - len(kept.lstrip())
    return Span(start, start + len(kept.strip()))
