"""The store on disk: atomic content-addressed writes, and reading what a reference points at.

Nobody else writes files below the store's root; `tasks.store.paths` says where they are.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.store.files import WRITING, copy_atomically, how_to_write, sha256_of, write_atomically
from tasks.store.paths import FeedStore as FeedStore  # noqa: PLC0414 - stages find all in one place
from tasks.store.paths import Store as Store  # noqa: PLC0414
from tasks.store.refs import ModelRef as ModelRef  # noqa: PLC0414
from tasks.store.refs import Ref as Ref  # noqa: PLC0414
from tasks.store.refs import digest_in_name
from validation.errors import NightfoldError

M = TypeVar("M")

_BATCH_ROWS = 8192


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


def keep_folder(
    store: Store, stage: str, folder: Path, earlier: ModelRef | None = None
) -> ModelRef:
    """Keep every file of a saved model but those that an earlier model has: they are kept."""
    there = {ref.sha256: ref for ref in earlier.files.values()} if earlier else {}
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return ModelRef(
        files={
            path.relative_to(folder).as_posix(): _keep_file(store, stage, path, there=there)
            for path in paths
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
    store: FeedStore, ref: Ref, columns: list[str] | None = None, n_rows: int = _BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Read a table in batches of so many rows, so that memory stays flat."""
    # A buffer before all of it would hold every row group of the file until the end.
    with readable(store, ref), pq.ParquetFile(store.resolve(ref), pre_buffer=False) as file:
        yield from file.iter_batches(batch_size=n_rows, columns=columns)


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


def keep_model(
    store: Store, stage: str, save: Callable[[Path], None], earlier: ModelRef | None = None
) -> ModelRef:
    """Keep every file that a model saves into a folder; see `keep_folder`."""
    with scratch_folder(store) as folder:
        save(folder)
        return keep_folder(store, stage, folder, earlier)


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


def _keep_file(
    store: Store, stage: str, source: Path, rows: int = 0, there: Mapping[str, Ref] | None = None
) -> Ref:
    """Keep a file under its digest, or point at the one of those there, by digest, that it is."""
    digest = sha256_of(source)
    if there and digest in there:
        return there[digest]
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
