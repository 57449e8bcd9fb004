"""Cache records on the disk: what Prefect keeps of a stage's result, under a digest of every byte.

A record says which rows a night has and which files it is made of. What it says cannot be checked
against anything else, so a record whose bytes are not those that were written is none.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tasks.store.storage import Ref, Store
from validation.errors import NightfoldError

_HEAD: Final = "nightfold cache record, sha256 "

UNREADABLE: Final = (ValueError, KeyError, TypeError, OSError, RecursionError)
"""What reading a damaged record raises."""


class DamagedRecordError(NightfoldError, ValueError):
    """A cache record that is not as it was written."""


def records_folder(store: Store) -> Path:
    """Return the folder of a night's cache records: no record serves two nights."""
    return store.state / "results" / f"feed={store.feed}" / f"night={store.night}"


def forget_records(store: Store) -> None:
    """Remove a night's cache records, so that all of its stages run again."""
    shutil.rmtree(records_folder(store), ignore_errors=True)


def seal(content: bytes, name: str) -> bytes:
    """Put a line with the digest of its name and its bytes before a record."""
    digest = hashlib.sha256(f"{name}\n".encode() + content).hexdigest()
    return f"{_HEAD}{digest}\n".encode() + content


def unseal(sealed: bytes, name: str) -> bytes:
    """Return a record without its line.

    Parameters
    ----------
    sealed
        Content of its file.
    name
        Of its file, which is the key of the call that it answers: no other's answer will do.

    Raises
    ------
    DamagedRecordError
        If a byte of it was changed, if it is that of another call, or if it has no digest.
    """
    if not sealed.startswith(_HEAD.encode()):
        raise DamagedRecordError("it has no digest, as those of an older nightfold")
    content = sealed.partition(b"\n")[2]
    if sealed != seal(content, name):
        raise DamagedRecordError("its content is not what its digest says")
    return content


def read_record(path: Path) -> Any:
    """Read what a stage returned, as JSON.

    What is no record raises ValueError, KeyError or TypeError; see also `unseal`.
    """
    return result_in(unseal(path.read_bytes(), path.name))


def result_in(content: bytes) -> Any:
    """Return the result that a record holds, as JSON."""
    return json.loads(json.loads(content)["result"])


def refs_in_result(result: Any) -> Iterator[Ref]:
    """Find every reference in a stage's result as JSON."""
    if isinstance(result, dict):
        if result.keys() == Ref.model_fields.keys():
            yield Ref.model_validate(result)
        result = list(result.values())
    if isinstance(result, list):
        for item in result:
            yield from refs_in_result(item)
