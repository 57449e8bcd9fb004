"""Where the files of a store are: those of a feed, and those of one of its nights.

Nobody else makes paths below the store's root.
"""

from datetime import date
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, field_validator

from tasks.boundary.naming import is_feed_name, night_of
from tasks.store.manifests import Manifest, read_manifest
from tasks.store.refs import Ref, published_digest

STAGES: Final = "state/stages/"
"""The folder of what stages keep, each in one of its own."""


class FeedStore(BaseModel):
    """One feed in a store: where the files of its nights are."""

    model_config = ConfigDict(frozen=True)

    root: Path
    feed: str

    @field_validator("feed")
    @classmethod
    def _feed_is_a_safe_name(cls, feed: str) -> str:
        if not is_feed_name(feed):
            raise ValueError(
                f"feed_name must be 1 to 64 letters, digits, '.', '_', '-' and start with a letter"
                f" or digit, got {feed!r}"
            )
        return feed

    @property
    def state(self) -> Path:
        """The folder for what is not published: stage files, Prefect home, lock."""
        return self.root / "state"

    @property
    def runs(self) -> Path:
        """The folder of the feed's manifests, a folder for each night."""
        return self.root / "runs" / f"feed={self.feed}"

    def on(self, night: date) -> "Store":
        """Return one of the feed's nights."""
        return Store(root=self.root, feed=self.feed, night=night)

    def resolve(self, ref: Ref) -> Path:
        """Return the absolute path of a reference."""
        return self.root / ref.path

    def partition(self, table: str, night: date) -> Path:
        """Return the folder of one published table's night."""
        return self.root / table / f"feed={self.feed}" / f"night={night}"

    def manifest_path(self, night: date) -> Path:
        """Return the path of a night's manifest, whose presence makes the night published."""
        return self.partition("runs", night) / "manifest.json"

    def published_nights(self) -> list[date]:
        """List the nights of this feed that have a manifest, oldest first."""
        found = (night_of(path.parent) for path in self.runs.glob("night=*/manifest.json"))
        return sorted(night for night in found if night)

    def read_manifest(self, night: date) -> Manifest:
        """Read a night's manifest; see `tasks.store.manifests` for errors."""
        return read_manifest(self.manifest_path(night), self.feed, night)


class Store(FeedStore):
    """One feed's night in a store; its paths are those of this night unless another is named."""

    night: date

    def resolve(self, ref: Ref) -> Path:
        """Return the absolute path of a reference.

        A model of a published night lies there alone: a stage that made it finds it there, too. See
        `tasks.publishing.release`.
        """
        path = super().resolve(ref)
        if not ref.path.startswith(STAGES) or path.exists():
            return path
        name = f"*-{published_digest(ref.sha256)}{path.suffix}"
        return next(self.partition("models").rglob(name), path)

    def partition(self, table: str, night: date | None = None) -> Path:
        """Return the folder of one published table's night."""
        return super().partition(table, night or self.night)

    def manifest_path(self, night: date | None = None) -> Path:
        """Return the path of a night's manifest, whose presence makes the night published."""
        return super().manifest_path(night or self.night)

    def read_manifest(self, night: date | None = None) -> Manifest:
        """Read a night's manifest; see `tasks.store.manifests` for errors."""
        return super().read_manifest(night or self.night)
