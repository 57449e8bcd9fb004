"""What was made of a night after it was published, and follows from it: the files of its report.

Nothing depends on them, and they can be made again at any time. They are listed, with their digests
and that of the manifest which they were made of, in a sealed record beside them.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tasks.store.files import sha256_of, write_atomically
from tasks.store.manifests import FORMAT_VERSION, ManifestError, read_object
from tasks.store.refs import Ref
from tasks.store.sealed import write_sealed
from tasks.store.storage import Store, is_intact

RECORD: Final = "followed.json"

_AGAIN: Final = "nightfold report makes it again"


def record_path(store: Store) -> Path:
    """Return the path of a night's record."""
    return store.partition("reports") / RECORD


def write_followed(store: Store, files: Mapping[str, bytes]) -> None:
    """Write files that follow from a night, and then the record that lists them.

    Parameters
    ----------
    store
        Which night, published.
    files
        File name → content.
    """
    folder = store.partition("reports")
    refs = {}
    for name, content in files.items():
        write_atomically(folder / name, content)
        path = (folder / name).relative_to(store.root).as_posix()
        refs[name] = Ref(path=path, sha256=hashlib.sha256(content).hexdigest(), rows=0)
    record = {
        "format_version": FORMAT_VERSION,
        "manifest": sha256_of(store.manifest_path()),
        "files": {name: ref.model_dump() for name, ref in refs.items()},
    }
    write_sealed(record_path(store), record)


def followed_problem(store: Store) -> str | None:
    """Return what is wrong with the files that follow from a published night, if anything is."""
    path = record_path(store)
    if not path.is_file():
        return "it is not there"
    try:
        record = read_object(path, _AGAIN)
        refs = {name: Ref.model_validate(it) for name, it in record["files"].items()}
    except (ManifestError, KeyError, ValueError, AttributeError) as error:
        return f"it cannot be used: {error}"
    if record.get("manifest") != sha256_of(store.manifest_path()):
        return "it was made of the night as it was before"
    folder = store.partition("reports").relative_to(store.root).as_posix()
    wrong = [
        name
        for name, ref in refs.items()
        if ref.path != f"{folder}/{name}" or not is_intact(store, ref)
    ]
    return f"{', '.join(wrong)} is gone or changed" if wrong else None
