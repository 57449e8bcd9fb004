"""Titles that were given once, in state/titles/: a cluster that keeps its name keeps its title.

A title can be checked against nothing else, so it is kept under the digest of its content, bound to
the name of its file.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tasks.store.manifests import FORMAT_VERSION
from tasks.store.sealed import NotAsWrittenError, unseal, write_sealed
from tasks.store.storage import Store
from tasks.titling.prompts import VERSION
from validation.tables.columns import CLUSTER_ID, NAME

_TITLE: Final = "title"
_OF: Final = "of"
"""The key of the stem of the file's name."""


def kept_title(store: Store, model: str, row: Mapping[str, Any]) -> str | None:
    """Return the title that a model has given a cluster of this name; None if it has not."""
    try:
        return read_title(_path(store, model, row))
    except (OSError, NotAsWrittenError):  # a damaged one is asked for again
        return None


def read_title(path: Path) -> str:
    """Read a title; for other errors see `Path.read_bytes`.

    Raises
    ------
    NotAsWrittenError
        If it is not what was kept there. Those of an older nightfold bear no digest.
    """
    kept = unseal(path.read_bytes())
    if kept.get(_OF, path.stem) != path.stem:
        raise NotAsWrittenError("is the title of another cluster")
    title = kept.get(_TITLE)
    if not isinstance(title, str) or not title:
        raise NotAsWrittenError("holds no title")
    return title


def keep_title(store: Store, model: str, row: Mapping[str, Any], title: str) -> None:
    """Keep the title of a cluster while it is called what it is called."""
    path = _path(store, model, row)
    write_sealed(path, {"format_version": FORMAT_VERSION, _OF: path.stem, _TITLE: title})


def _path(store: Store, model: str, row: Mapping[str, Any]) -> Path:
    """Return the place of a title, named by all that it depends on."""
    spelled = json.dumps([VERSION, model, store.feed, row[CLUSTER_ID], row[NAME]])
    return store.state / "titles" / f"{hashlib.sha256(spelled.encode()).hexdigest()[:32]}.json"
