"""The names that exports give to the columns that nightfold needs."""

import re
from collections.abc import Iterable
from typing import Final

from tasks.reading.date_names import date_rank
from tasks.reading.part_names import part_rank

GUESSES: Final[dict[str, tuple[str, ...]]] = {
    "doc_id": (
        "id", "doc_id", "document_id", "review_id", "ticket_id", "comment_id", "post_id",
        "tweet_id", "message_id", "issue_id", "complaint_id", "case_id", "feedback_id",
        "response_id", "submission_id", "id_str", "_id", "uuid", "guid", "key",
    ),
    "text": (
        "text", "body", "content", "review", "review_text", "review_body", "review_content",
        "review_description", "message", "comment", "comment_text", "comment_body", "full_text",
        "tweet", "tweet_text", "text_display", "text_original", "description", "feedback",
        "complaint", "narrative", "consumer_complaint_narrative", "selftext", "verbatim",
        "comments",
    ),
    "timestamp": (
        "timestamp", "date", "created_at", "datetime", "created", "published_at", "published",
        "time", "at", "unix_review_time", "review_date", "review_time", "review_created_at",
        "comment_date", "submitted_at", "submission_date", "posted_at", "date_posted",
        "date_received", "created_utc", "timestamp_created", "created_date",
        "creation_date", "date_created",
    ),
    "title": ("title", "subject", "headline", "review_title", "review_headline", "summary",
              "ticket_name"),
    "source": ("source",),
    "label": ("label",),
    "withdrawn": (
        "withdrawn", "is_withdrawn", "withdrawn_at", "deleted", "is_deleted", "deleted_at",
    ),
}  # fmt: skip
"""The usual names, the most usual first. Those of people (`user_id`, `uid`) are no document's."""

_SEPARATORS: Final = re.compile(r"[\W_]+")


def folded(name: str) -> str:
    """Return a name without case and separators: `reviewId` and `Review ID` are one."""
    return _SEPARATORS.sub("", name.casefold())


_FOLDED: Final = {part: frozenset(map(folded, names)) for part, names in GUESSES.items()}


def looks_like(name: str, part: str) -> bool:
    """Return whether a column has one of the usual names of a part."""
    return folded(name) in _FOLDED[part] or _rank(name, part) is not None


def find_guess(part: str, names: Iterable[str]) -> str | None:
    """Find the column that looks most like a part; the first of two that look alike.

    A name that is spelled as usual, but for its case, comes before one with other separators.
    """
    names = list(names)
    in_order = names[::-1]
    spelled = {name.lower(): name for name in in_order}
    alike = {folded(name): name for name in in_order}
    found = (spelled.get(guess) or alike.get(folded(guess)) for guess in GUESSES[part])
    usual = next((name for name in found if name is not None), None)
    return _first_of_class(part, names) if usual is None else usual


def _first_of_class(part: str, names: Iterable[str]) -> str | None:
    """Find the column that is named as a class of names, if under none of the usual names."""
    ranked = [(rank, name) for name in names if (rank := _rank(name, part)) is not None]
    return min(ranked, key=lambda it: it[0])[1] if ranked else None


def _rank(name: str, part: str) -> int | None:
    alike = folded(name)
    return date_rank(alike) if part == "timestamp" else part_rank(alike, part)
