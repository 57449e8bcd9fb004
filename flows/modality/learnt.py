"""What is the same for all documents that are no texts: their encoder is learnt from the window."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, cast

from prefect import Task

from flows.clusters import recipe
from flows.config import NightlyConfig
from flows.modality.base import Encoded, Planned, Read, Tonight
from tasks.clusters.plan_fit import Plan, Recipe
from tasks.groups.past import last_as_one
from tasks.items.contents import keep_contents
from tasks.items.encode import ItemWindow
from tasks.items.known import encoder_of
from tasks.items.learn import Learnt
from tasks.items.looked import LookedAt
from tasks.items.views import views_of
from tasks.store.history import PastNight
from tasks.store.storage import ModelRef
from tasks.vectors.embed import Embedded
from tasks.vectors.passages import Passages, cut_passages
from tasks.vectors.views import Views


class OfItems(ABC):
    """A kind of document that is no text; its own stages are those of the abstract methods."""

    encoder_name: ClassVar[str]
    stages: Sequence[Task[..., Any]]

    @abstractmethod
    def own_settings(self, config: NightlyConfig) -> dict[str, str]:
        """Return the settings on which a model depends, so far as they are not as usual."""

    @abstractmethod
    def learn(
        self, tonight: Tonight, window: ItemWindow, last: PastNight | None, recipe: Recipe
    ) -> Learnt:
        """Keep the encoder of the night before, or learn one from the window."""

    @abstractmethod
    def embed(self, tonight: Tonight, window: ItemWindow, learnt: ModelRef) -> Embedded:
        """Encode what the encoder has not encoded before."""

    @abstractmethod
    def plan(self, what: Planned, recipe: Recipe) -> Plan:
        """Decide how the model comes about: anew with a new encoder, else as for texts."""

    def encode(self, tonight: Tonight, read: Read) -> Encoded:
        """Keep tonight's items, and encode the window, by a new encoder where a fit is due."""
        store, looked = tonight.store, cast(LookedAt, read.looked)
        kept = keep_contents(store, looked, tonight.window[-1])
        contents = [*tonight.past.contents_of(tonight.window), kept.tables["contents"]]
        window = ItemWindow(nights=tonight.window, contents=contents)
        last = last_as_one(store, tonight.past)
        learnt = self.learn(tonight, window, last, recipe(tonight.config, "", self))
        embedded = self.embed(tonight, window, learnt.encoder)
        return Encoded(
            embedded=embedded,
            themes=embedded,
            encoder=encoder_of(self.encoder_name, learnt.encoder),
            results=[kept, Learnt(models=learnt.models)],
            contents=contents,
            learnt=learnt,
        )

    def views(self, what: Planned, plan: Plan) -> Views:
        """Return the vectors alone."""
        return views_of(what.tonight.store, what.themes)

    def passages(self, tonight: Tonight, encoded: Encoded, views: Views) -> Passages:
        """Return none: an item is looked at as a whole."""
        config, device = tonight.config, tonight.config.clustering.device
        whole = config.mentions.model_copy(update={"enabled": False})
        return cut_passages(tonight.store, views, encoded.encoder, config.embed, whole, device)
