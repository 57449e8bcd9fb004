"""Which code of nightfold this process has."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from tasks.store.files import sha256_of

_LAYERS: Final = ("flows", "tasks", "models", "validation")


@cache
def code_digest() -> str:
    """Return the digest of nightfold's own code: no change of it waits for a stage's version."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for layer in _LAYERS:
        for path in sorted((root / layer).rglob("*.py")):
            digest.update(f"{path.relative_to(root)}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()
