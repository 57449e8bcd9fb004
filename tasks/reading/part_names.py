"""The names that exports give to ids, texts and titles, as a class: the document, and what of it.

Names are `folded`: without case and separators.
"""

import re
from typing import Final

_THINGS: Final = (
    "answer|case|comment|complaint|doc|document|entry|feedback|incident|issue|message|post|request"
    "|response|review|submission|ticket|tweet"
)
"""What a document is called. People, orders and products are not here: their ids and descriptions
are of something else."""

_OF_TEXTS: Final = f"{_THINGS}|article|conversation|email|mail|survey"
"""The id of an article or a conversation is shared by its comments, that of an email is an
address, and that of a survey is shared by its answers."""

_ROLES: Final = {
    "doc_id": (_THINGS, ("id", "key", "number", "no", "uuid", "guid", "referencenumber")),
    "text": (
        _OF_TEXTS,
        (
            "text", "body", "content", "contents", "description", "message", "comment", "comments",
            "narrative", "detail", "details",
        ),
    ),
    "title": (_OF_TEXTS, ("title", "subject", "headline", "summary")),
}  # fmt: skip
"""Part → what stands before, and what behind, the likeliest first."""

_CLASSES: Final = {
    part: [re.compile(rf"(?:{things}){role}") for role in roles]
    for part, (things, roles) in _ROLES.items()
}


def part_rank(folded: str, part: str) -> int | None:
    """Return how early a name comes among those of a part; None for a name that is none."""
    ranked = enumerate(_CLASSES.get(part, ()))
    return next((rank for rank, names in ranked if names.fullmatch(folded)), None)
