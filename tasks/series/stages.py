"""The stages of a night that know what a series is, as the flow calls them.

Reads  the feed; contents of the window; the encoder of the night before
Writes what lands; the encoder; embeddings/encoder=series-E/ (text_digest, embedding), for good
"""

from models.core.threads import one_thread
from tasks.clusters.drift import RefitSettings
from tasks.clusters.plan_fit import Plan, Recipe, planned
from tasks.frame.stage import stage
from tasks.items.encode import ItemWindow, embed_items
from tasks.items.learn import Learning, Learnt, learn, plan_of
from tasks.reading.sources.base import Feed
from tasks.series.codec import SERIES
from tasks.series.feed import Where, find_series
from tasks.store.fetched.source_state import SourceState
from tasks.store.history import PastNight
from tasks.store.storage import ModelRef, Store
from tasks.vectors.embed import Embedded


@stage("find feed", version=1, retries=3, cached=False)
def find_series_feed(store: Store, where: Where, last: SourceState | None) -> Feed:
    """Gather the feed's series, a row for each; see `find_series`."""
    return find_series(store, where, last)


@stage("learn encoder", version=SERIES.version, retries=1)
@one_thread()
def learn_series_encoder(  # noqa: PLR0913, PLR0917 - a stage's inputs are its key
    store: Store,
    window: ItemWindow,
    last: PastNight | None,
    recipe: Recipe,
    settings: RefitSettings,
    random_state: int,
    device: str,
    is_quiet: bool,
) -> Learnt:
    """Keep the encoder of the night before, or learn one with a full fit; see `learn`."""
    how = Learning(
        codec=SERIES,
        recipe=lambda digest: recipe.model_copy(update={"encoder_digest": digest}),
        settings=settings,
        random_state=random_state,
        device=device,
    )
    return learn(store, window, last, how, is_quiet)


@stage("embed", version=2, retries=2)
def embed_series(store: Store, window: ItemWindow, learnt: ModelRef, device: str) -> Embedded:
    """Encode the series that were never encoded by this encoder; see `embed_items`."""
    return embed_items(store, window, learnt, SERIES, device)


@stage("drift", version=1)
@one_thread()
def plan_series_fit(  # noqa: PLR0913, PLR0917 - as above
    store: Store,
    embedded: Embedded,
    learnt: Learnt,
    last: PastNight | None,
    recipe: Recipe,
    settings: RefitSettings,
    is_quiet: bool,
) -> Plan:
    """Fit from scratch with a new encoder, for its reason; else decide as for texts."""
    if learnt.reason:
        return plan_of(store, learnt, last, recipe)
    return planned(store, embedded, last, recipe, settings, is_quiet)
