"""A row with its text and title as a document has them."""

from collections.abc import Collection
from typing import Final

from tasks.preparing.batches import Row
from tasks.preparing.texts.cleaning import clean_beginning, text_digest
from tasks.preparing.texts.cut_texts import cut_mail
from validation.tables.columns import CUT_TEXT, IS_TRUNCATED, TEXT, TEXT_DIGEST, TITLE

_TITLE_MARGIN: Final = 20
"""How many times the longest title that is kept may come with mark-up around it."""


def clean_row(row: Row, max_chars: int, repeated: Collection[str] | None) -> Row:
    """Return a row with its text and title as a document has them, and the digest of both.

    Parameters
    ----------
    row
        As it was read; the digest of an item that is no text is given with it.
    max_chars
        The length to cut to.
    repeated
        Lines that many of tonight's mails have; None where texts are not mails.
    """
    text, text_is_cut = clean_beginning(row[TEXT] or "", max_chars)
    # The check bounds texts and not titles, so of a title only so much is looked at.
    whole = row[TITLE] or ""
    looked_at = whole[: _TITLE_MARGIN * max_chars]
    title, title_is_cut = clean_beginning(looked_at, max_chars) if looked_at else ("", False)
    own, cut = text, None
    if repeated is not None:
        own, cut = cut_mail(row[TEXT] or "", text, max_chars, repeated)
    if not text:
        # A title is a text; where it is the only one, it is not said twice.
        own = text = title
        title = ""
    return row | {
        TEXT: text,
        TITLE: title or None,
        TEXT_DIGEST: row.get(TEXT_DIGEST) or text_digest(title, own),
        CUT_TEXT: cut,
        IS_TRUNCATED: text_is_cut or title_is_cut or len(looked_at) < len(whole),
    }
