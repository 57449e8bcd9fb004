"""The content-addressed store of embeddings: a text is embedded once in its life.

Reads and writes embeddings/encoder=E/ (text_digest, embedding), and embeddings/encoder=E-passages/
"""

import re
from collections.abc import Collection, Set
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.store.files import sha256_of, write_part
from tasks.store.storage import DamagedFileError
from validation.tables.columns import EMBEDDING, TEXT_DIGEST
from validation.tables.schemas import embeddings

PASSAGES_SHELF: Final = "passages"
"""What the shelf of passages is `of`; see `EmbeddingShelf`."""

NOT_FINITE: Final = "it holds numbers that are not finite"
NOT_AS_NAMED: Final = "its content is not what its name says"


def is_of_passages(folder: Path) -> bool:
    """Return whether a folder of embeddings holds those of passages."""
    return folder.name.endswith(f"-{PASSAGES_SHELF}")


class EmbeddingShelf:
    """The embeddings of one encoder: files that only ever come on top.

    Parameters
    ----------
    root
        The store's root.
    encoder, digest
        Name of the encoder, for people, and digest of what decides its vectors.
    of
        Empty for the texts of documents. A vector depends in its last bits on those that it was
        made beside: what is on one shelf never decides what another gives.
    """

    def __init__(self, root: Path, encoder: str, digest: str, of: str = "") -> None:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", encoder.rstrip("/").rsplit("/", maxsplit=1)[-1])
        suffix = f"-{of}" if of else ""
        self.folder = root / "embeddings" / f"encoder={name}-{digest[:12]}{suffix}"

    def missing(self, digests: Collection[str]) -> set[str]:
        """Return those of some digests that have no vector.

        Memory grows with what is asked for and with one file, not with all that was ever encoded.
        """
        missing = set(digests)
        for part in self._latest_first():
            if not missing:
                break
            missing.difference_update(_digests_in(part, missing))
        return missing

    def add(self, digests: list[str], vectors: NDArray[np.float32]) -> None:
        """Save some vectors, all of them finite, under the digest of their file's content."""
        schema = embeddings(vectors.shape[1])
        table = pa.table([pa.array(digests), fixed_lists(vectors)], schema=schema)
        write_part(self.folder, table)

    def complete(self, items: pa.Table) -> None:
        """Save those of some vectors (text_digest, embedding) that are not there."""
        missing = pa.array(sorted(self.missing(items[TEXT_DIGEST].to_pylist())), pa.string())
        lacking = items.filter(pc.is_in(items[TEXT_DIGEST], missing))
        if lacking.num_rows:
            self.add(lacking[TEXT_DIGEST].to_pylist(), matrix_of(lacking[EMBEDDING]))

    def gather(self, digests: list[str]) -> NDArray[np.float32]:
        """Lay out the vectors of some texts in their order, shape (n_texts, embedding_dim).

        Reads the vectors of those files alone that hold one of the texts.

        Raises
        ------
        DamagedFileError
            If such a file is not what its name says or holds a number that is not finite, or a
            vector is missing.
        """
        place = {digest: position for position, digest in enumerate(digests)}
        missing = set(digests)
        matrix = np.empty((len(digests), 0), dtype=np.float32)
        for part in self._latest_first():
            if not missing:
                break
            wanted = _digests_in(part, missing)
            if not wanted:
                continue
            if not is_as_named(part):
                raise damaged(part, NOT_AS_NAMED)
            table = read_part(part)
            table = table.filter(pc.is_in(table[TEXT_DIGEST], pa.array(wanted, pa.string())))
            vectors = matrix_of(table[EMBEDDING])
            if not np.isfinite(vectors).all():
                raise damaged(part, NOT_FINITE)
            if not matrix.shape[1]:
                matrix = np.empty((len(digests), vectors.shape[1]), dtype=np.float32)
            matrix[[place[digest] for digest in table[TEXT_DIGEST].to_pylist()]] = vectors
            missing.difference_update(wanted)
        if missing:
            raise DamagedFileError(
                f"{self.folder} lacks {len(missing):,} vectors that were there when the stage"
                " began: something removed files during the run; the next run embeds these texts"
                " again"
            )
        return matrix

    def parts(self) -> list[Path]:
        """List the files, those that are damaged too."""
        return sorted(self.folder.glob("part-*.parquet"))

    def _latest_first(self) -> list[Path]:
        """List the files, the latest first: there most of a window's texts are."""
        return sorted(self.parts(), key=lambda part: part.stat().st_mtime, reverse=True)


def shelves_of(root: Path, encoder: str, digest: str) -> tuple[EmbeddingShelf, EmbeddingShelf]:
    """Return an encoder's shelf of the texts of documents, and that of their passages."""
    return (
        EmbeddingShelf(root, encoder, digest),
        EmbeddingShelf(root, encoder, digest, PASSAGES_SHELF),
    )


def _digests_in(part: Path, digests: Set[str]) -> list[str]:
    """Return those of some digests that a file has; see `read_part` for errors.

    Costs what the file has, however many digests are asked for: of a large window there are
    thousands of files, and a million digests.
    """
    column: list[str] = read_part(part, [TEXT_DIGEST])[TEXT_DIGEST].to_pylist()
    return [digest for digest in column if digest in digests]


def read_part(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a file of embeddings.

    Raises
    ------
    DamagedFileError
        If it cannot be read.
    """
    try:
        with pq.ParquetFile(path) as file:
            return file.read(columns)
    except pa.ArrowException as error:
        raise damaged(path, str(error)) from error
    except OSError as error:
        # What Arrow cannot unpack carries no errno; trouble of the disk must pass.
        if error.errno is not None:
            raise
        raise damaged(path, str(error)) from error


def is_as_named(path: Path) -> bool:
    """Check whether a file of embeddings has the digest that is its name."""
    return sha256_of(path).startswith(path.stem.removeprefix("part-"))


def damaged(path: Path, problem: str) -> DamagedFileError:
    """Make the error of a file of embeddings that cannot be used."""
    return DamagedFileError(
        f"{path} is damaged: {problem}; run"
        f" `nightfold doctor --store {path.parents[2]} --repair`; its texts are embedded again"
    )


def holds_finite(path: Path) -> bool:
    """Check whether all vectors of a file are finite; see `read_part` for errors."""
    column = read_part(path, [EMBEDDING])[EMBEDDING]
    return bool(np.isfinite(matrix_of(column)).all()) if len(column) else True


def fixed_lists(matrix: NDArray[np.float32]) -> pa.FixedSizeListArray:
    """Return a matrix (n, d) as an Arrow array of n lists of d float32."""
    flat = pa.array(np.ascontiguousarray(matrix, dtype=np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, matrix.shape[1])


def matrix_of(lists: pa.ChunkedArray | pa.FixedSizeListArray) -> NDArray[np.float32]:
    """Return an Arrow column of n lists of d float32 as a matrix (n, d)."""
    whole = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    array: NDArray[np.float32] = whole.flatten().to_numpy(zero_copy_only=False)
    return array.reshape(-1, lists.type.list_size)
