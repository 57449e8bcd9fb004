"""Where Prefect keeps what the stages of a run return: in the store that the run works on."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.context import FlowRunContext
from prefect.filesystems import LocalFileSystem
from prefect.serializers import JSONSerializer
from pydantic import PrivateAttr

from tasks.store.files import write_atomically
from tasks.store.records import (
    DamagedRecordError,
    records_folder,
    refs_in_result,
    result_in,
    seal,
    unseal,
)
from tasks.store.storage import Store, is_intact

logger = logging.getLogger(__name__)


@contextmanager
def cached_in(store: Store) -> Iterator[None]:
    """Keep the cache of the flow run in its store, wherever the process would keep results.

    A worker, or a process that serves, has one setting for the runs on all its stores.
    """
    context = FlowRunContext.get()
    if context is None:
        raise RuntimeError("only a flow run has a cache")
    records = context.result_store.model_copy(update={"result_storage": record_storage(store)})
    with context.model_copy(update={"result_store": records}):
        yield


def require_loadable(content: bytes) -> None:
    """Check that the result in a record still has the shape that its stage returns.

    Another version of nightfold may have kept it, when the class had another name or other fields.

    Raises
    ------
    DamagedRecordError
        If it has not.
    """
    try:
        result = JSONSerializer().loads(json.loads(content)["result"].encode())
    except ValueError as error:
        raise DamagedRecordError(f"another version of nightfold has kept it ({error})") from error
    # Where there is no class of that name, Prefect returns the object as JSON, and says nothing.
    if isinstance(result, dict) and "__class__" in result:
        raise DamagedRecordError(
            f"another version of nightfold has kept it ({result['__class__']} is not there)"
        )


def record_storage(store: Store) -> "RecordStorage":
    """Make the storage of a night's cache records."""
    return RecordStorage(basepath=str(records_folder(store)), store=store)


class RecordStorage(LocalFileSystem):
    """Cache records that count only while they and all files that they name have their digests.

    Prefect takes a record that cannot be read for none: its stage runs again and replaces it.
    """

    _block_type_name = "nightfold cache records"

    store: Store

    _sound: dict[Path, bytes] = PrivateAttr(default_factory=dict)
    """Records that were found sound. Prefect asks several times, and files can be large."""

    _refused: set[Path] = PrivateAttr(default_factory=set)

    # Prefect declares these as coroutines, and asks its storages with `_sync` for the plain answer.
    def read_path(self, path: str, _sync: bool = True) -> bytes:  # type: ignore[override]
        """Read a record.

        Raises
        ------
        DamagedRecordError
            If it is damaged, or a file that it names is.
        FileNotFoundError
            If there is none.
        """
        file = self._resolve_path(path)
        if file not in self._sound:
            self._sound[file] = self._read_sound(file)
        return self._sound[file]

    def write_path(  # type: ignore[override]
        self, path: str, content: bytes, _sync: bool = True
    ) -> str:
        """Write a record whole or not at all, with its digest."""
        file = self._resolve_path(path)
        write_atomically(file, seal(content, file.name))
        self._sound[file] = content
        return str(file)

    async def aread_path(self, path: str) -> bytes:
        """Read a record; see `read_path`."""
        return self.read_path(path)

    async def awrite_path(self, path: str, content: bytes) -> str:
        """Write a record; see `write_path`."""
        return self.write_path(path, content)

    def _read_sound(self, file: Path) -> bytes:
        sealed = file.read_bytes()
        try:
            content = unseal(sealed, file.name)
            self._require_files(content)
            require_loadable(content)
        except (ValueError, KeyError, TypeError) as error:
            self._warn_of(file, error)
            raise DamagedRecordError(f"{file}: {error}") from error
        return content

    def _require_files(self, content: bytes) -> None:
        for ref in refs_in_result(result_in(content)):
            if not is_intact(self.store, ref):
                raise DamagedRecordError(f"{ref.path} is missing or changed")

    def _warn_of(self, file: Path, error: Exception) -> None:
        if file not in self._refused:
            self._refused.add(file)
            stage = file.name.rsplit("-v", maxsplit=1)[0].replace("-", " ")
            logger.warning(
                "%s: its cached result cannot be used, so the stage runs again: %s", stage, error
            )
