"""Texts that show a cluster: whose they are, and how they begin."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from models.core.arrays import Floats, Labels
from tasks.boundary.excerpts import excerpt
from tasks.clusters.window import WindowDocuments

_MAX_CHARS: Final = 300
"""Of a text that is quoted: two or three sentences. The whole one stands in `documents`."""


_EXEMPLARS: Final = 5


def exemplars_of(X: Floats, labels: Labels) -> dict[int, list[int]]:
    """Choose the texts that show each cluster best."""
    from models.text.exemplars import exemplars

    return {label: it.tolist() for label, it in exemplars(X, labels, _EXEMPLARS).items()}


@dataclass(frozen=True)
class Quoted:
    """The texts of the window, and the documents that have them.

    Parameters
    ----------
    texts, documents
        The window's.
    are_texts
        Whether the documents are texts; a caption is quoted with the document that it is of.
    """

    texts: Sequence[str]
    documents: WindowDocuments
    are_texts: bool = True

    def doc_ids(self, items: Sequence[int]) -> list[str]:
        """Return for each of some texts the first document that has it."""
        return [self._first[item] for item in items]

    def texts_of(self, items: Sequence[int]) -> list[str]:
        """Return the beginnings of some texts, each on one line."""
        texts = (self.texts[item] for item in items)
        if not self.are_texts:
            pairs = zip(self.doc_ids(items), texts, strict=True)
            texts = (f"{doc_id}: {caption}" for doc_id, caption in pairs)
        return [excerpt(text, _MAX_CHARS) for text in texts]

    @cached_property
    def _first(self) -> dict[int, str]:
        """Position of a text → the first document that has it."""
        first: dict[int, str] = {}
        pairs = zip(self.documents.doc_ids, self.documents.items.tolist(), strict=True)
        for doc_id, item in pairs:
            first.setdefault(item, doc_id)
        return first
