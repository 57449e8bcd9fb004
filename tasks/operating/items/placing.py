"""Items that are no texts, placed in the clusters of a night by the encoder that it has kept.

Reads  the items of a feed that was tried, the encoder of a night
Writes nothing but scratch
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models.core.arrays import Floats
from tasks.items.base import ItemCodec, LearntEncoder
from tasks.items.contents import read_contents
from tasks.items.encode import CHUNK_ITEMS
from tasks.items.known import ENCODER_FILE
from tasks.operating.placing import load_aside
from tasks.operating.trial import Trial
from tasks.store.manifests import Manifest
from tasks.store.storage import Store


class Items(ABC):
    """Documents that are no texts."""

    @abstractmethod
    def trial(self, feed: str, config: Mapping[str, Any], scratch: Path) -> Trial:
        """Read a feed, and check its rows as those of a first night."""

    @abstractmethod
    def codec(self, config: Mapping[str, Any]) -> ItemCodec:
        """Return what reads the items of a night with such settings, for its encoder."""

    def encode(
        self, store: Store, manifest: Manifest, trial: Trial, texts: Mapping[str, str]
    ) -> Floats:
        """Encode items by the encoder of the night, which was learnt without them."""
        if trial.contents is None:
            raise ValueError("contents must be those of items, got none")
        codec, device = self.codec(manifest.config), manifest.config["clustering"]["device"]

        def load(folder: Path) -> LearntEncoder:
            return codec.load(folder / ENCODER_FILE, device)

        items = list(read_contents(trial.aside, [trial.contents], list(texts)).values())
        encoder = load_aside(store, manifest.model("encoder"), load)
        chunks = (items[at : at + CHUNK_ITEMS] for at in range(0, len(items), CHUNK_ITEMS))
        return np.concatenate([encoder.encode(chunk) for chunk in chunks])
