"""Names that become part of paths: of feeds and of nights."""

import re
from datetime import date
from pathlib import Path

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_feed_name(name: str) -> bool:
    """Return whether a feed may bear a name."""
    return _SAFE_NAME.fullmatch(name) is not None


def night_of(folder: Path) -> date | None:
    """Return the night that a folder is named for; None for a folder of another name."""
    named = re.fullmatch(r"night=(\d{4}-\d\d-\d\d)", folder.name, re.ASCII)
    try:
        return date.fromisoformat(named[1]) if named else None
    except ValueError:
        return None
