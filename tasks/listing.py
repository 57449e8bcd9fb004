"""What a store lists: feeds, files that manifests name, files that wait to be removed."""

import os
from pathlib import Path
from typing import Final

from tasks.manifests import FORMAT_VERSION, Manifest, ManifestError, is_inside, read_object
from tasks.sealed import write_sealed
from tasks.storage import Ref

RETIRED_REMEDY: Final = "nightfold doctor --repair lists them anew"


def feeds_of(root: Path) -> list[str]:
    """List the feeds of a store, those without a published night too."""
    folders = root.glob("*/feed=*")
    return sorted({path.name.removeprefix("feed=") for path in folders if path.is_dir()})


def refs_of(manifest: Manifest) -> dict[str, Ref]:
    """Give every file that a manifest names, by table or by model and file."""
    models = {
        f"{model}/{file}": ref
        for model, saved in manifest["models"].items()
        for file, ref in saved.items()
    }
    return {name: Ref.model_validate(ref) for name, ref in (manifest["tables"] | models).items()}


def retired_path(root: Path) -> Path:
    """Give the path of the list of files that the next prune removes."""
    return root / "state" / "retired.json"


def read_retired(root: Path) -> set[str]:
    """Return the files that the last prune unlisted, relative to the root.

    Raises
    ------
    ManifestError
        If the list cannot be read.
    NewerStoreError
        If a newer nightfold has written it.
    """
    path = retired_path(root)
    if not os.path.lexists(path):
        return set()
    files = read_object(path, RETIRED_REMEDY, unversioned=2).get("files")
    if not isinstance(files, list) or not all(map(_is_file_inside, files)):
        raise ManifestError(
            f"{path} must have 'files' as a list of paths below the store's root,"
            f" got {files!r:.60}; {RETIRED_REMEDY}"
        )
    return set(files)


def _is_file_inside(value: object) -> bool:
    return isinstance(value, str) and is_inside(value)


def write_retired(root: Path, files: set[str]) -> None:
    """Replace the list of files that the next prune removes."""
    content = {"format_version": FORMAT_VERSION, "files": sorted(files)}
    write_sealed(retired_path(root), content)
