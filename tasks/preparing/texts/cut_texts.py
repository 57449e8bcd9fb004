"""Mails as documents: what tells them apart, and what is embedded of them."""

from collections.abc import Collection, Iterable

from tasks.preparing.texts.cleaning import clean_beginning, is_marked_up
from tasks.preparing.texts.mail import repeated_lines, without_lines, without_quotes


def lines_of_mails(texts: Iterable[str]) -> frozenset[str]:
    """Find the lines that many of tonight's mails have, as they came; see `cut_mail`."""
    return repeated_lines(without_quotes(text) for text in texts if not is_marked_up(text))


def cut_mail(
    text: str, clean: str, max_chars: int, repeated: Collection[str]
) -> tuple[str, str | None]:
    """Return what tells a mail apart from others, and what is embedded of it if that is cut.

    Its quotes and its signature are no part of either. Lines that repeat are part of the first:
    which lines these are differs from night to night, and a mail that comes again must be known.

    Parameters
    ----------
    text
        As it came; one with mark-up is not cut, for its lines are not those that people see.
    clean
        The same, cleaned.
    max_chars
        The length to cut to.
    repeated
        From `lines_of_mails`.
    """
    if not clean or is_marked_up(text):
        return clean, None
    own = without_quotes(text)
    left = without_lines(own, repeated)
    own_clean = clean if own == text else clean_beginning(own, max_chars)[0] or clean
    left_clean = own_clean if left == own else clean_beginning(left, max_chars)[0] or own_clean
    return own_clean, None if left_clean == clean else left_clean
