"""What is on a shelf of embeddings, for tests."""

from tasks.store.embeddings import EmbeddingShelf, read_part
from validation.tables.columns import TEXT_DIGEST


def digests_on(shelf: EmbeddingShelf) -> set[str]:
    """Return the digests of all texts that were ever encoded."""
    parts = (read_part(part, [TEXT_DIGEST]) for part in shelf.parts())
    return {digest for part in parts for digest in part[TEXT_DIGEST].to_pylist()}
