"""The rows of tables that lead to images: by a path, by a URL, or by holding their bytes."""

import base64
import binascii
import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import fsspec

from tasks.boundary.excerpts import excerpt
from tasks.boundary.secret_urls import masked_errors
from tasks.boundary.transient import is_transient_error
from tasks.images.names import is_image, title_of
from tasks.images.settings import ImageSettings
from tasks.reading.formats.rows import Row, as_text
from tasks.reading.pieces import read_rows, require_unchanged
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.base import Piece
from tasks.reading.sources.errors import FeedError
from tasks.store.fetched.landed import land
from tasks.store.files import sha256_of
from tasks.store.storage import Store
from validation.items.image_rules import FOUND

logger = logging.getLogger(__name__)

_USUAL: Final = (
    "image", "img", "picture", "photo", "image_path", "image_url", "image_file", "file_name",
    "filename", "file_path", "filepath", "file", "path", "url", "bytes",
)  # fmt: skip
"""Names of the column that leads to images, the most usual first."""

_MAGIC: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
"""How the formats that are read begin."""

_SCHEMES: Final = (
    "http://", "https://", "s3://", "s3a://", "gs://", "gcs://", "abfs://", "az://", "sftp://",
)  # fmt: skip
_SHOWN_CHARS: Final = 120


class ImageRows:
    """Rewrites rows: a digest stands where the image was.

    Parameters
    ----------
    store
        Where images land that are in no file of this machine.
    settings
        Which column leads to images, and how large they may be.
    image, path
        Columns of the rows that come out.
    """

    def __init__(self, store: Store, settings: ImageSettings, image: str, path: str) -> None:
        self._store = store
        self._settings = settings
        self._image, self._path = image, path
        self.places: dict[str, str] = {}
        """Digest → file, of the images so far."""

    def of_piece(
        self, piece: Piece, folder: Path | None, ingest: IngestSettings
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table.

        Parameters
        ----------
        piece
            The table.
        folder
            Below which its paths lead; None where it is not on this machine.
        ingest
            How it is written.

        Raises
        ------
        FeedError
            If no column leads to images.
        """
        column: str | None = self._settings.column or None
        for row in read_rows(self._store, piece, ingest):
            if row.values is None:
                yield {self._image: f"!{row.problem_rule}!{row.problem}", "raw": row.raw}
                continue
            column = column or _leading(row.values, piece)
            yield self._rewritten(row, column, folder)
        require_unchanged(piece)

    def _rewritten(self, row: Row, column: str, folder: Path | None) -> dict[str, Any]:
        values = dict(row.values or {})
        found = values.pop(column, None)
        if self._image in values:
            values[f"feed_{self._image}"] = values.pop(self._image)
        where = _where(found)
        kept = {name: _as_json(value) for name, value in values.items()}
        return {
            **kept,
            self._image: self._digest(found, folder),
            self._path: where,
            **({} if "title" in kept or not where else {"title": title_of(where)}),
        }

    def _digest(self, found: Any, folder: Path | None) -> str | None:
        """Return the digest of an image, or the problem that there is none."""
        if isinstance(found, Mapping):  # as data sets of images are written to Parquet
            content = found.get("bytes")
            found = found.get("path") if content is None else content
        if found is None or found == "":
            return None
        try:
            if isinstance(found, bytes):
                return self._landed(found)
            return self._by_name(str(found), folder)
        except (OSError, ValueError, FeedError) as error:
            if is_transient_error(error):
                raise
            said = " ".join(str(error).split()) or type(error).__name__
            return f"!{FOUND}!{excerpt(said, 2 * _SHOWN_CHARS)}"

    def _by_name(self, name: str, folder: Path | None) -> str:
        if name.startswith("data:"):
            return self._landed(_inline(name))
        if name.lower().startswith(_SCHEMES):
            return self._fetched(name)
        if folder is None:
            raise ValueError(f"{_short(name)} is a path, and its table is not on this machine")
        file = folder / name
        # A table that somebody else wrote must not lead to other files of this machine.
        if not file.resolve().is_relative_to(folder.resolve()) or not is_image(name):
            raise ValueError(f"{_short(name)} is no image below the folder of its table")
        if not file.is_file():
            raise ValueError(f"{_short(name)} is not there")
        digest = sha256_of(file)
        self.places[digest] = str(file)
        return digest

    def _fetched(self, url: str) -> str:
        with masked_errors(), fsspec.open(url, "rb") as remote:
            content = remote.read(self._settings.max_bytes + 1)
        return self._landed(content)

    def _landed(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        if digest not in self.places:
            self.places[digest] = str(land(self._store, lambda it: it.write_bytes(content)))
        return digest


def image_column(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Find the column whose values lead to images, the one with the most usual name if several do.

    Parameters
    ----------
    rows
        The first ones of a table.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    found = [name for name in names if _lead([row.get(name) for row in rows])]
    ranks = {name: place for place, name in enumerate(_USUAL)}
    return min(found, key=lambda it: ranks.get(it.lower(), len(ranks)), default=None)


def _lead(values: Sequence[Any]) -> bool:
    """Return whether most of some values lead to an image, or are the bytes of one."""
    given = [it for it in values if it is not None and it != ""]
    return 2 * sum(map(_leads, given)) > len(given)


def _leads(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "bytes" in value and "path" in value
    if isinstance(value, bytes):
        return value.startswith(_MAGIC)
    if not isinstance(value, str):
        return False
    return value.startswith("data:image/") or is_image(value.partition("?")[0])


def _leading(values: Mapping[str, Any], piece: Piece) -> str:
    """Return the column that leads to images, by its name."""
    folded = {name.lower(): name for name in reversed(list(values))}
    found = next((folded[it] for it in _USUAL if it in folded), None)
    if found is None:
        columns = ", ".join(repr(name) for name in list(values)[:20])
        raise FeedError(
            f"{piece.name} has no column that leads to images; set `column` under [images] to one"
            f" of {columns}"
        )
    logger.info("images of %s: column %r", piece.name, found)
    return found


def _where(found: Any) -> str | None:
    """Return what a row says of where its image is, if that is no bytes."""
    if isinstance(found, Mapping):
        found = found.get("path")
    if not isinstance(found, str) or found.startswith("data:"):
        return None
    return found


def _inline(url: str) -> bytes:
    """Return the bytes of a data URL."""
    head, mark, body = url.partition(",")
    if not mark or not head.endswith(";base64"):
        raise ValueError("a data: URL must hold base64")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError(f"a data: URL must hold base64 ({error})") from error


def _as_json(value: Any) -> Any:
    """Return a value of a row as JSON has it."""
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None  # JSON has no NaN and no infinity
    if isinstance(value, Mapping):
        return {str(name): _as_json(it) for name, it in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(it) for it in value]
    return as_text(value)


def _short(name: str) -> str:
    return excerpt(name, _SHOWN_CHARS)
