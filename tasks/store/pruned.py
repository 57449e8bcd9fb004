"""What stays of the nights that were pruned: which documents there were, without their texts.

A feed that grows brings old rows again: they are known by their ids and text digests for good.
"""

import os
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.boundary.naming import night_of
from tasks.store.manifests import FORMAT_VERSION, ManifestError, read_object
from tasks.store.sealed import write_sealed
from tasks.store.storage import FeedStore, Ref

KNOWN: Final = "known"
"""The folder of the tables (doc_id, text_digest), one a night."""


class PrunedNight(BaseModel):
    """A night that is published no more."""

    model_config = ConfigDict(frozen=True)

    night: date
    known: Ref
    withdrawn: Ref | None = None
    """The ids that the night withdrew, if any: they are not known any more."""

    def refs(self) -> list[Ref]:
        """Return the files that stay of the night."""
        return [self.known, *([self.withdrawn] if self.withdrawn else [])]


class _List(BaseModel):
    nights: list[PrunedNight]


LIST_REMEDY: Final = "nightfold doctor --repair rebuilds it from known/"


def pruned_path(store: FeedStore) -> Path:
    """Return the path of the list of a feed's pruned nights."""
    return store.runs / "pruned.json"


def read_pruned(store: FeedStore) -> list[PrunedNight]:
    """List a feed's pruned nights, oldest first.

    A prune that was cut short may have left a night on both lists: it is still published.

    Raises
    ------
    ManifestError
        If the list cannot be read.
    NewerStoreError
        If a newer nightfold has written it.
    """
    path = pruned_path(store)
    if not os.path.lexists(path):
        _require_none(store, path)
        return []
    try:
        nights = _List.model_validate(read_object(path, LIST_REMEDY)).nights
    except ValidationError as error:
        raise ManifestError(
            f"{path} must list the pruned nights, but {error.errors()[0]['msg']}; {LIST_REMEDY}"
        ) from error
    if not all(ref.path.startswith(_known_folder(store)) for it in nights for ref in it.refs()):
        raise ManifestError(f"{path} names tables of another feed; {LIST_REMEDY}")
    published = set(store.published_nights())
    return sorted((it for it in nights if it.night not in published), key=lambda it: it.night)


def known_files(store: FeedStore) -> list[Path]:
    """List the tables of what stays of a feed's nights, oldest night first."""
    return sorted((store.root / _known_folder(store)).glob("night=*/*.parquet"))


def _require_none(store: FeedStore, path: Path) -> None:
    """Fail where there are tables of pruned nights, and no list of them."""
    published = set(store.published_nights())
    if any(night_of(it.parent) not in published for it in known_files(store)):
        raise ManifestError(f"{path} is gone, and {KNOWN}/ has what it named; {LIST_REMEDY}")


def _known_folder(store: FeedStore) -> str:
    return f"{KNOWN}/feed={store.feed}/"


def write_pruned(store: FeedStore, nights: list[PrunedNight]) -> None:
    """Replace the list of a feed's pruned nights."""
    listed = [it.model_dump(mode="json") for it in nights]
    content = {"format_version": FORMAT_VERSION, "nights": listed}
    write_sealed(pruned_path(store), content)
