"""What a kind of document does to be placed: how a feed of it is read, how it becomes vectors."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

from models.core.arrays import Floats
from tasks.operating.placing import encoded_as_then
from tasks.operating.trial import Trial, try_feed
from tasks.preparing.checks import CheckSettings
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.settings import SourceSettings
from tasks.store.manifests import Manifest
from tasks.store.storage import Store


class Placeable(Protocol):
    """A kind of document, for those who place new ones in the clusters of a night."""

    def trial(self, feed: str, config: Mapping[str, Any], scratch: Path) -> Trial:
        """Read a feed, and check its rows as those of a first night.

        Parameters
        ----------
        feed
            As for a run.
        config
            Of the night, as its manifest has it.
        scratch
            An empty folder.
        """
        ...

    def encode(
        self, store: Store, manifest: Manifest, trial: Trial, texts: Mapping[str, str]
    ) -> Floats:
        """Turn documents into the vectors that the night would have given them.

        Parameters
        ----------
        store, manifest
            The night.
        trial
            Of their feed.
        texts
            Digest of a document → its text.

        Returns
        -------
        Unit rows in the order of the documents, shape (n_documents, embedding_dim).
        """
        ...


class Texts:
    """Documents that are texts."""

    def trial(self, feed: str, config: Mapping[str, Any], scratch: Path) -> Trial:
        """Read a feed, and check its rows as those of a first night."""
        ingest, check = IngestSettings(**config["ingest"]), CheckSettings(**config["check"])
        return try_feed(feed, ingest, check, today(), scratch, sources_of(config))

    def encode(
        self, store: Store, manifest: Manifest, trial: Trial, texts: Mapping[str, str]
    ) -> Floats:
        """Embed texts as the night did."""
        return encoded_as_then(manifest, list(texts.values()))


def today() -> date:
    """Return the day, in UTC, that the dates of new documents are held against."""
    return datetime.now(UTC).date()


def sources_of(config: Mapping[str, Any]) -> SourceSettings:
    """Return the settings of the kinds of feeds, out of those of a night."""
    return SourceSettings(**{it: config[it] for it in SourceSettings.model_fields if it in config})
