"""The user's folder for what can be made again at any time."""

import os
from pathlib import Path


def user_cache() -> Path:
    """Return nightfold's own folder in the user's cache; it need not exist."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return (Path(cache) / "nightfold").expanduser().absolute()
