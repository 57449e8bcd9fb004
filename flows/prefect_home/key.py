"""The key of a store's Prefect pages: made once, kept beside the database that it guards."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

_LENGTH: Final = len(secrets.token_urlsafe())


def key_file(home: Path) -> Path:
    """Return where the key is kept, in the folder of the Prefect database."""
    return home / "ui.key"


def write_private(path: Path, text: str) -> None:
    """Write a file, whole or not at all, that only its owner can ever read."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=path.parent, delete=False) as file:
        file.write(text)
    os.replace(file.name, path)


def lasting_key(home: Path) -> str:
    """Return the key, the same at every start, so that a browser signs in once.

    Parameters
    ----------
    home
        Folder of the Prefect database. Whoever can read the key there, can read the database, too.
    """
    path = key_file(home)
    if not _is_sound(path):
        write_private(path, secrets.token_urlsafe())
    return path.read_text(encoding="ascii")


def _is_sound(path: Path) -> bool:
    """Return whether a key exists, is complete, and can be read by its owner only."""
    if not path.is_file() or path.stat().st_mode & 0o077:
        return False
    return len(path.read_bytes()) == _LENGTH
