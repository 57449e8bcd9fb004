"""Which group every document is in, by its value of a column."""

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import numpy as np

from models.core.arrays import Integers

SMALLEST: Final = 60
"""Distinct texts of a group with clusters of its own: two halves must agree on at least 3 clusters,
and one of fewer than ten texts shows no outliers."""

OTHERS: Final = "(all others)"
"""Name of the group of documents with no value, or with one that has too few texts. A value of this
very name is in it, too."""

_SLUG_CHARS: Final = 32
_DIGEST_CHARS: Final = 16


class Group(NamedTuple):
    """Documents that are clustered together."""

    name: str
    slug: str
    """Safe in a path, and of no other group: it ends in a digest of column and value."""
    values: int
    """How many values it has."""
    rows: Integers
    """Its documents, rising."""


def slug_of(by: str, value: str) -> str:
    """Return the name of a group in paths, for instance ``maps-3c5e0a7b9d1f2468``."""
    spelled = json.dumps([by, value], ensure_ascii=True).encode()
    digest = hashlib.sha256(spelled).hexdigest()[:_DIGEST_CHARS]
    safe = re.sub(r"[^A-Za-z0-9]+", "-", value).strip("-").lower()[:_SLUG_CHARS].strip("-")
    return f"{safe or 'group'}-{digest}"


def group_of(value: str | None, names: Collection[str]) -> str | None:
    """Return which group of a night a document belongs to that was not in it.

    Parameters
    ----------
    value
        Of the document; None or empty where it has none.
    names
        Of the night's groups.

    Returns
    -------
    None where the night had no other documents with the value, and none without one.
    """
    if value and value in names:
        return value
    return OTHERS if OTHERS in names else None


def groups_of(
    by: str, values: Sequence[str | None], texts: Integers, smallest: int = SMALLEST
) -> list[Group]:
    """Find the groups of the window, by name, that of all others last.

    Parameters
    ----------
    by
        The column.
    values
        Of every document; None or empty where it has none.
    texts
        Which text each document has, shape (n_documents,): groups are measured in distinct ones.
    smallest
        Texts that a group of its own has, at least.
    """
    given = [value or OTHERS for value in values]
    found: dict[str, set[int]] = {}
    for value, text in zip(given, texts.tolist(), strict=True):
        found.setdefault(value, set()).add(text)
    small = {it for it, own in found.items() if len(own) < smallest} | ({OTHERS} & found.keys())
    names = np.array([OTHERS if value in small else value for value in given], dtype=object)
    in_order = [*sorted(found.keys() - small), *([OTHERS] if small else [])]
    return [
        Group(
            name=name,
            slug=slug_of(by, name),
            values=len(small - {OTHERS}) if name == OTHERS else 1,
            rows=np.flatnonzero(names == name),
        )
        for name in in_order
    ]
