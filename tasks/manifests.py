"""A night's manifest as it is read: JSON of a format that is known, brought forward to today's."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from errors import NightfoldError

Manifest = dict[str, Any]

FORMAT_VERSION: Final = 2
"""Of the manifest and the layout of the store; raised together with a new migration."""


def _with_later_parts(manifest: Manifest) -> Manifest:
    """Say that a night had no withdrawn and no late rows, and nothing of how its model came about.

    The list of pruned nights bears the same version, and has no counts.
    """
    counts = manifest.get("counts")
    if not isinstance(counts, dict):
        return manifest
    return manifest | {"counts": {"withdrawn": 0, "late": 0} | counts, "fit": None}


MIGRATIONS: Final[Mapping[int, Callable[[Manifest], Manifest]]] = {1: _with_later_parts}
"""Version → what makes of its manifests those of the next version.

Old manifests stay on the disk as they are and are brought forward whenever they are read: a reader
of the old version still understands them, and a migration that is cut short has changed nothing.
"""

_PARTS: Final = ("counts", "tables", "models")


class ManifestError(NightfoldError, ValueError):
    """A manifest that cannot be used; the message names the file and what to do."""


class NewerStoreError(NightfoldError, ValueError):
    """A store that a newer nightfold has written."""


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
        If it is no manifest, for instance cut short.
    NewerStoreError
        If a newer nightfold has written it.
    """
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise ManifestError(
            f"{path} must be a JSON manifest, but {error}; run that night again"
        ) from error
    if not isinstance(manifest, dict):
        raise ManifestError(f"{path} must be a JSON object, got {manifest}; run that night again")
    return _checked(migrated(manifest, path), path)


def migrated(
    manifest: Manifest,
    path: Path,
    migrations: Mapping[int, Callable[[Manifest], Manifest]] = MIGRATIONS,
    newest: int = FORMAT_VERSION,
) -> Manifest:
    """Bring a manifest forward, version by version.

    Raises
    ------
    ManifestError
        If it does not say its version.
    NewerStoreError
        If its version is not known yet.
    """
    version = manifest.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise ManifestError(
            f"{path} must have a format_version from 1 on, got {version!r}; run that night again"
        )
    if version > newest:
        raise NewerStoreError(
            f"{path} has format version {version}, and this nightfold knows versions up to"
            f" {newest}: a newer nightfold has written to this store; use that one, or update"
        )
    for step in range(version, newest):
        manifest = migrations[step](manifest) | {"format_version": step + 1}
    return manifest


def canonical_json(value: Any) -> bytes:
    """Spell a JSON value the same way every time."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2, default=str)
    return (text + "\n").encode()


def require_known_format(root: Path) -> None:
    """Fail on a store to which a newer nightfold has written; damaged manifests are no matter here.

    Raises
    ------
    NewerStoreError
        If any manifest is of a version that is not known yet.
    """
    for path in sorted(root.glob("runs/feed=*/night=*/manifest.json")):
        with suppress(ManifestError):
            parse_manifest(path.read_bytes(), path)


def _checked(manifest: Manifest, path: Path) -> Manifest:
    for part in _PARTS:
        if not isinstance(manifest.get(part), dict):
            raise ManifestError(
                f"{path} must have {part!r} as an object, got {manifest.get(part)!r:.60};"
                " run that night again"
            )
    return manifest
