"""What a feed's path means on its file system: a name, or a glob below one."""

import glob

import fsspec

from tasks.boundary.transient import is_transient_error


def is_local(filesystem: fsspec.AbstractFileSystem) -> bool:
    """Return whether files are on a disk of this machine."""
    return "file" in filesystem.protocol


def spot(filesystem: fsspec.AbstractFileSystem, path: str) -> tuple[str, str | None]:
    """Cut a path into what is there under its very name, and a glob where more is wanted.

    A folder may have the marks of a glob in its name: it is meant where it exists.
    """
    base = path
    while is_glob(base) and not exists(filesystem, base):
        base = base.rpartition("/")[0]
    return base, None if base == path else f"{glob.escape(base)}{path[len(base) :]}"


def is_there(filesystem: fsspec.AbstractFileSystem, base: str, pattern: str | None) -> bool:
    """Return whether what `spot` has found is there, under its name or as any match."""
    return exists(filesystem, base) if pattern is None else bool(filesystem.glob(pattern))


def exists(filesystem: fsspec.AbstractFileSystem, path: str) -> bool:
    """Return whether a path is there; fsspec's own `exists` takes every error for a no."""
    if is_local(filesystem):
        return bool(filesystem.exists(path))
    try:
        filesystem.info(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        if is_transient_error(error):
            raise
        return False
    return True


def relative(item: str, base: str) -> str:
    """Name a file below the folder, or below the part of a glob that has no wildcard."""
    return item.removeprefix(base).lstrip("/")


def is_glob(path: str) -> bool:
    """Return whether a path has a wildcard."""
    return any(mark in path for mark in "*?[")
