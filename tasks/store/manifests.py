"""A night's manifest as it is read: JSON of a format that is known, brought forward to today's."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from tasks.store.sealed import NotAsWrittenError, unseal
from validation.errors import NightfoldError

Manifest = dict[str, Any]

FORMAT_VERSION: Final = 3
"""Of the manifest and the layout of the store; raised together with a new migration."""


def _with_later_parts(manifest: Manifest) -> Manifest:
    """Add that a night had no withdrawn and no late rows, and nothing of how its model came about.

    The list of pruned nights bears the same version, and has no counts.
    """
    counts = manifest.get("counts")
    if not isinstance(counts, dict):
        return manifest
    return manifest | {"counts": {"withdrawn": 0, "late": 0} | counts, "fit": None}


def _as_it_is(manifest: Manifest) -> Manifest:
    """Return the manifest: version 3 adds its digest, which `unseal` has taken off."""
    return manifest


MIGRATIONS: Final[Mapping[int, Callable[[Manifest], Manifest]]] = {
    1: _with_later_parts,
    2: _as_it_is,
}
"""Version → what makes of its manifests those of the next version.

Old manifests stay on the disk as they are and are brought forward whenever they are read: a reader
of the old version still understands them, and a migration that is cut short has changed nothing.
"""

_AGAIN: Final = "run that night again"


class ManifestError(NightfoldError, ValueError):
    """A manifest that cannot be used; the message names the file and what to do."""


class NewerStoreError(NightfoldError, ValueError):
    """A store that a newer nightfold has written."""


def is_inside(file: str) -> bool:
    """Return whether a path, relative to a store's root, stays below it."""
    path = PurePosixPath(file)
    return (
        bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in file
    )


def _require_inside(file: str) -> str:
    if not is_inside(file):
        raise ValueError("a path must stay below the store's root")
    return file


class _Part(BaseModel):
    """A part of a manifest that decides something; what else stands beside it is not checked."""

    model_config = ConfigDict(strict=True)


class _File(_Part):
    path: Annotated[str, AfterValidator(_require_inside)]
    sha256: str
    rows: int
    schema_version: int


class _Encoder(_Part):
    name: str
    digest: str


class _Labels(_Part):
    published: str


class _Config(_Part):
    window_days: int


class _Shape(_Part):
    """The types of what is read of a manifest."""

    counts: dict[str, int]
    tables: dict[str, _File]
    models: dict[str, dict[str, _File]]
    reports: dict[str, _File] = {}
    encoder: _Encoder
    labels: _Labels
    config: _Config
    fit: dict[str, Any] | None
    cluster_ids: dict[str, str] = {}
    whole_of: dict[str, str] = {}


def read_manifest(path: Path, feed: str, night: date) -> Manifest:
    """Read the manifest of a night; see `parse_manifest` and `read_object` for errors.

    Raises
    ------
    ManifestError
        If it is that of another night.
    """
    manifest = parse_manifest(_read(path, _AGAIN), path)
    found = (manifest.get("feed", feed), manifest.get("night", str(night)))
    if found != (feed, str(night)):
        raise ManifestError(
            f"{path} is the manifest of feed {found[0]}, night {found[1]}; {_AGAIN}"
        )
    return manifest


def parse_manifest(content: bytes, path: Path) -> Manifest:
    """Make a manifest of today's format out of a file's bytes.

    Parameters
    ----------
    content
        Of the file.
    path
        Named in messages.

    Raises
    ------
    ManifestError
        If it is not what was written, for instance cut short, or lacks what is read of it.
    NewerStoreError
        If a newer nightfold has written it.
    """
    return _checked(_parsed(content, path, _AGAIN), path)


def read_object(path: Path, remedy: str, unversioned: int | None = None) -> dict[str, Any]:
    """Read a sealed object of the store, and bring it forward.

    Parameters
    ----------
    path
        Of the file.
    remedy
        What to do where it is damaged, for the message.
    unversioned
        The version of an object that bears none, if there ever were such.

    Raises
    ------
    ManifestError
        If it cannot be read, or is not what was written.
    NewerStoreError
        If a newer nightfold has written it.
    """
    return _parsed(_read(path, remedy), path, remedy, unversioned)


def migrated(
    manifest: Manifest,
    path: Path,
    migrations: Mapping[int, Callable[[Manifest], Manifest]] = MIGRATIONS,
    newest: int = FORMAT_VERSION,
) -> Manifest:
    """Bring a manifest forward, version by version.

    Raises
    ------
    NotAsWrittenError
        If it has no version.
    NewerStoreError
        If its version is not known yet.
    """
    version = manifest.get("format_version")
    if type(version) is not int or version < 1:
        raise NotAsWrittenError(f"must have a format_version from 1 on, got {version!r:.60}")
    if version > newest:
        raise NewerStoreError(
            f"{path} has format version {version}, and this nightfold knows versions up to"
            f" {newest}: a newer nightfold has written to this store; use that one, or update"
        )
    for step in range(version, newest):
        manifest = migrations[step](manifest) | {"format_version": step + 1}
    return manifest


def require_known_format(root: Path) -> None:
    """Fail on a store to which a newer nightfold has written; damaged manifests are no matter here.

    Raises
    ------
    NewerStoreError
        If any manifest is of a version that is not known yet.
    """
    for path in sorted(root.glob("runs/feed=*/night=*/manifest.json")):
        with suppress(ManifestError):
            read_object(path, _AGAIN)


def _read(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror}; {remedy}") from error


def _parsed(
    content: bytes, path: Path, remedy: str, unversioned: int | None = None
) -> dict[str, Any]:
    try:
        return migrated({"format_version": unversioned} | unseal(content), path)
    except NotAsWrittenError as error:
        raise ManifestError(f"{path} {error}; {remedy}") from error


def _checked(manifest: Manifest, path: Path) -> Manifest:
    """Return a manifest whose parts are of the types that its readers rely on."""
    try:
        _Shape.model_validate(manifest)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ManifestError(
            f"{path} must have {place} as nightfold writes it, but {first['msg']},"
            f" got {first['input']!r:.60}; {_AGAIN}"
        ) from error
    return manifest
