"""What a store lists: feeds, files that manifests name, files that wait to be removed."""

import os
from pathlib import Path, PurePosixPath
from typing import Final

from tasks.boundary.naming import is_feed_name, night_of
from tasks.store.manifests import FORMAT_VERSION, Manifest, ManifestError, is_inside, read_object
from tasks.store.sealed import write_sealed
from tasks.store.storage import Ref, Store

REPORTS: Final = "reports/"
"""What the name of a report starts with among those of tables and models."""

MODELS: Final = "models"

_PLACE_OF_A_MODEL: Final = (MODELS, "feed=F", "night=D")
"""The folders above the models of a night."""

RETIRED_REMEDY: Final = "nightfold doctor --repair lists them anew"


def feeds_of(root: Path) -> list[str]:
    """List the feeds of a store, those without a published night too."""
    folders = (*root.glob("*/feed=*"), *root.glob("state/copies/*/feed=*"))
    names = {path.name.removeprefix("feed=") for path in folders if path.is_dir()}
    return sorted(name for name in names if is_feed_name(name))


def refs_of(manifest: Manifest) -> dict[str, Ref]:
    """Return every file that a manifest names: by table, model and file, `reports/` and file."""
    models = {
        f"{model}/{file}": ref
        for model, saved in manifest.models.items()
        for file, ref in saved.items()
    }
    reports = {f"{REPORTS}{name}": ref for name, ref in manifest.reports.items()}
    return manifest.tables | models | reports


def named_refs(store: Store, manifest: Manifest) -> dict[str, Ref]:
    """Return every file that a night's manifest names, each under the name of its content.

    Raises
    ------
    ManifestError
        If one has another night's place, or a name that is not that of its content: manifests of
        an older nightfold bear no digest, and a flipped bit there led to another file.
    """
    refs = refs_of(manifest)
    for name, ref in refs.items():
        if not _is_at_home(store, name, ref):
            raise ManifestError(
                f"{store.manifest_path()} names {ref.path} for {name}, which is not the name of its"
                " content; run that night again"
            )
    return refs


def is_published_model(store: Store, file: str) -> bool:
    """Return whether a file has the place of a model that this night or one before it published."""
    parts = PurePosixPath(file).parts
    if len(parts) <= len(_PLACE_OF_A_MODEL) or parts[:2] != (MODELS, f"feed={store.feed}"):
        return False
    night = night_of(Path(*parts[: len(_PLACE_OF_A_MODEL)]))
    return night is not None and night <= store.night


def _is_at_home(store: Store, name: str, ref: Ref) -> bool:
    """Return whether a reference has the place of its night, and the name of its content.

    A model may have that of a night before it.
    """
    path = PurePosixPath(ref.path)
    table = name if "/" not in name else path.parts[0]
    folder = store.partition(table).relative_to(store.root)
    is_here = path.is_relative_to(folder) or (
        table == MODELS and is_published_model(store, ref.path)
    )
    is_named = name.startswith(REPORTS) or ref.sha256[:16] in path.name
    is_table = table != name or path.name.startswith("part-")
    return is_here and is_named and is_table


def retired_path(root: Path) -> Path:
    """Return the path of the list of files that the next prune removes."""
    return root / "state" / "retired.json"


def read_retired(root: Path) -> set[str]:
    """Return the files that the last prune retired, relative to the root.

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
