"""Titles that were given once, in state/titles/: a cluster that keeps its name keeps its title."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.store.files import write_atomically
from tasks.store.storage import Store
from tasks.titling.prompts import VERSION
from validation.tables.columns import CLUSTER_ID, NAME


def kept_title(store: Store, model: str, row: Mapping[str, Any]) -> str | None:
    """Return the title that a model has given a cluster of this name; None if it has not."""
    path = _path(store, model, row)
    try:
        title = json.loads(path.read_bytes())["title"]
    except (OSError, ValueError, LookupError, TypeError):  # a damaged one is asked for again
        return None
    return title if isinstance(title, str) and title else None


def keep_title(store: Store, model: str, row: Mapping[str, Any], title: str) -> None:
    """Keep the title of a cluster while it is called what it is called."""
    write_atomically(_path(store, model, row), json.dumps({"title": title}).encode())


def _path(store: Store, model: str, row: Mapping[str, Any]) -> Path:
    """Return the place of a title, named by all that it depends on."""
    spelled = json.dumps([VERSION, model, store.feed, row[CLUSTER_ID], row[NAME]])
    return store.state / "titles" / f"{hashlib.sha256(spelled.encode()).hexdigest()[:32]}.json"
