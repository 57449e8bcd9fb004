"""What a store lists: feeds, files that manifests name, files that wait to be removed."""

import json
from pathlib import Path

from tasks.files import write_atomically
from tasks.manifests import Manifest, ManifestError, canonical_json
from tasks.storage import Ref


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
    """Give the files that the last prune unlisted, relative to the root.

    Raises
    ------
    ManifestError
        If the list cannot be read.
    """
    path = retired_path(root)
    if not path.is_file():
        return set()
    try:
        return {str(file) for file in json.loads(path.read_bytes())["files"]}
    except (ValueError, TypeError, KeyError) as error:
        raise ManifestError(f"{path} must be a JSON list of files, but {error!r}") from error


def write_retired(root: Path, files: set[str]) -> None:
    """Replace the list of files that the next prune removes."""
    write_atomically(retired_path(root), canonical_json({"files": sorted(files)}))
