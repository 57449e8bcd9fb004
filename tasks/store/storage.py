"""The store on disk: references, atomic content-addressed writes, paths of published tables.

Nobody else makes paths or writes files below the store's root.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, field_validator

from tasks.boundary.naming import is_feed_name, night_of
from tasks.store.files import WRITING, copy_atomically, how_to_write, sha256_of, write_atomically
from tasks.store.manifests import Manifest, read_manifest
from tasks.store.refs import ModelRef as ModelRef  # noqa: PLC0414 - stages find all in one place
from tasks.store.refs import Ref as Ref  # noqa: PLC0414
from tasks.store.refs import digest_in_name
from validation.errors import NightfoldError

M = TypeVar("M")

_BATCH_ROWS = 8192


class FeedStore(BaseModel):
    """One feed in a store: where the files of its nights are."""

    model_config = ConfigDict(frozen=True)

    root: Path
    feed: str

    @field_validator("feed")
    @classmethod
    def _feed_is_a_safe_name(cls, feed: str) -> str:
        if not is_feed_name(feed):
            raise ValueError(
                f"feed_name must be 1 to 64 letters, digits, '.', '_', '-' and start with a letter"
                f" or digit, got {feed!r}"
            )
        return feed

    @property
    def state(self) -> Path:
        """The folder for what is not published: stage files, Prefect home, lock."""
        return self.root / "state"

    @property
    def runs(self) -> Path:
        """The folder of the feed's manifests, a folder for each night."""
        return self.root / "runs" / f"feed={self.feed}"

    def on(self, night: date) -> "Store":
        """Return one of the feed's nights."""
        return Store(root=self.root, feed=self.feed, night=night)

    def resolve(self, ref: Ref) -> Path:
        """Return the absolute path of a reference."""
        return self.root / ref.path

    def partition(self, table: str, night: date) -> Path:
        """Return the folder of one published table's night."""
        return self.root / table / f"feed={self.feed}" / f"night={night}"

    def manifest_path(self, night: date) -> Path:
        """Return the path of a night's manifest, whose presence makes the night published."""
        return self.partition("runs", night) / "manifest.json"

    def published_nights(self) -> list[date]:
        """List the nights of this feed that have a manifest, oldest first."""
        found = (night_of(path.parent) for path in self.runs.glob("night=*/manifest.json"))
        return sorted(night for night in found if night)

    def read_manifest(self, night: date) -> Manifest:
        """Read a night's manifest; see `tasks.store.manifests` for errors."""
        return read_manifest(self.manifest_path(night), self.feed, night)


class Store(FeedStore):
    """One feed's night in a store; its paths are those of this night unless another is named."""

    night: date

    def partition(self, table: str, night: date | None = None) -> Path:
        """Return the folder of one published table's night."""
        return super().partition(table, night or self.night)

    def manifest_path(self, night: date | None = None) -> Path:
        """Return the path of a night's manifest, whose presence makes the night published."""
        return super().manifest_path(night or self.night)

    def read_manifest(self, night: date | None = None) -> Manifest:
        """Read a night's manifest; see `tasks.store.manifests` for errors."""
        return super().read_manifest(night or self.night)


class DamagedFileError(NightfoldError, ValueError):
    """A file of the store that is gone or cannot be read; the message says what to do."""


def damaged(store: FeedStore, ref: Ref, reason: object) -> DamagedFileError:
    """Make the error that names a damaged file."""
    return DamagedFileError(
        f"{store.resolve(ref)} is damaged: {reason}; run"
        f" `nightfold doctor --store {store.root} --repair`"
    )


def is_intact(store: FeedStore, ref: Ref) -> bool:
    """Return whether the file of a reference is there with its digest."""
    return (path := store.resolve(ref)).is_file() and sha256_of(path) == ref.sha256


def require_file(store: FeedStore, ref: Ref) -> None:
    """Raise `DamagedFileError` where the file of a reference is not there with its digest."""
    if not is_intact(store, ref):
        raise damaged(store, ref, "it is gone, or is not what its manifest says")


def keep_bytes(store: Store, stage: str, content: bytes, suffix: str, rows: int = 0) -> Ref:
    """Keep a stage's result under the digest of its content."""
    digest = hashlib.sha256(content).hexdigest()
    write_atomically(path := _stage_path(store, stage, digest, suffix), content)
    return _reference(store, path, digest, rows)


def keep_folder(store: Store, stage: str, folder: Path) -> ModelRef:
    """Keep every file of a saved model."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return ModelRef(
        files={
            path.relative_to(folder).as_posix(): _keep_file(store, stage, path) for path in paths
        }
    )


def keep_table(store: Store, stage: str, table: pa.Table) -> Ref:
    """Keep a table that is already in memory."""
    with TableWriter(store, stage, table.schema) as writer:
        writer.write(table)
    return writer.ref


def read_table(store: FeedStore, ref: Ref, columns: list[str] | None = None) -> pa.Table:
    """Read a table, or some of its columns; see `readable` for errors."""
    # By the file: `read_table` reads data sets, and loads pandas for that.
    with readable(store, ref), pq.ParquetFile(store.resolve(ref)) as file:
        return file.read(columns)


@contextmanager
def readable(store: FeedStore, ref: Ref) -> Iterator[None]:
    """Raise `DamagedFileError` for a file that is gone or that cannot be read.

    A hiccup of the disk stays what it is: another try may help there.
    """
    try:
        yield
    except (pa.ArrowInvalid, FileNotFoundError) as error:
        raise damaged(store, ref, error) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise damaged(store, ref, error) from error


def read_tables(
    store: FeedStore, refs: Iterable[Ref], columns: list[str], schema: pa.Schema
) -> pa.Table:
    """Read columns of several tables as one; without any, an empty table of the schema."""
    wanted = pa.schema([schema.field(name) for name in columns])
    return pa.concat_tables(
        [wanted.empty_table(), *(read_table(store, ref, columns).cast(wanted) for ref in refs)]
    )


def read_batches(
    store: FeedStore, ref: Ref, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Read a table in batches, so that memory stays flat."""
    # A buffer before all of it would hold every row group of the file until the end.
    with readable(store, ref), pq.ParquetFile(store.resolve(ref), pre_buffer=False) as file:
        yield from file.iter_batches(batch_size=_BATCH_ROWS, columns=columns)


@contextmanager
def model_folder(store: Store, model: ModelRef) -> Iterator[Path]:
    """Lay a saved model's files out under their names, in a folder that goes away afterwards."""
    with tempfile.TemporaryDirectory(dir=_scratch(store)) as name:
        lay_out(store, model, Path(name))
        yield Path(name)


def lay_out(store: Store, model: ModelRef, folder: Path) -> None:
    """Copy a saved model's files under their names into a folder; see `require_file`."""
    for file, ref in model.files.items():
        require_file(store, ref)
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(store.resolve(ref), target)


@contextmanager
def scratch_folder(store: Store) -> Iterator[Path]:
    """Yield an empty folder on the store's disk that is removed afterwards."""
    with tempfile.TemporaryDirectory(dir=_scratch(store)) as name:
        yield Path(name)


def load_model(store: Store, model: ModelRef, load: Callable[[Path], M]) -> M:
    """Load a saved model from a folder in which its files are laid out; see `model_folder`."""
    with model_folder(store, model) as folder:
        return load(folder)


def keep_model(store: Store, stage: str, save: Callable[[Path], None]) -> ModelRef:
    """Keep every file that a model saves into a folder."""
    with scratch_folder(store) as folder:
        save(folder)
        return keep_folder(store, stage, folder)


def clear_scratch(store: Store) -> None:
    """Remove what a killed run left half-written; only for the holder of the run lock."""
    shutil.rmtree(store.state / "scratch", ignore_errors=True)
    for folder in ("state/stages/*", "embeddings/*", f"*/feed={store.feed}/night=*"):
        for temporary in store.root.glob(f"{folder}/{WRITING}*"):
            temporary.unlink()


class TableWriter:
    """Write a stage's table batch by batch; it gets its name, the digest of its bytes, at the end.

    Parameters
    ----------
    store, stage
        Where the table belongs.
    schema
        Schema of every batch.
    """

    ref: Ref

    def __init__(self, store: Store, stage: str, schema: pa.Schema) -> None:
        self._store = store
        self._stage = stage
        self._path = _scratch(store) / f"{stage}-{os.getpid()}-{id(self)}.parquet"
        self._writer = pq.ParquetWriter(self._path, schema, **how_to_write(schema))
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Add rows."""
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_batches([rows])
        self._writer.write_table(table, row_group_size=_BATCH_ROWS)
        self._rows += len(table)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._writer.close()
            if kind is None:
                self.ref = _keep_file(self._store, self._stage, self._path, rows=self._rows)
        finally:
            self._path.unlink(missing_ok=True)


def _keep_file(store: Store, stage: str, source: Path, rows: int = 0) -> Ref:
    digest = sha256_of(source)
    copy_atomically(source, path := _stage_path(store, stage, digest, source.suffix))
    return _reference(store, path, digest, rows)


def _stage_path(store: Store, stage: str, digest: str, suffix: str) -> Path:
    return store.state / "stages" / stage / f"{digest_in_name(digest)}{suffix}"


def _reference(store: Store, path: Path, digest: str, rows: int) -> Ref:
    return Ref(path=path.relative_to(store.root).as_posix(), sha256=digest, rows=rows)


def _scratch(store: Store) -> Path:
    folder = store.state / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
