"""When an encoder is learnt anew: with every full fit, and never between two.

An encoder that is learnt from the window gives other vectors than the one before. So whether a
night goes on from the model of the night before is decided here first, on the vectors of the last
encoder; a full fit learns another one, and everything after it is fitted on its vectors.
"""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic import Field

from models.core.arrays import Floats
from tasks.clusters.drift import Figure, RefitSettings
from tasks.clusters.fit import Fit
from tasks.clusters.numbers import ChosenNumbers
from tasks.clusters.plan_fit import Plan, Recipe, decide, has_models, measured
from tasks.frame.progress import shown_progress
from tasks.frame.result import StageResult
from tasks.items.base import ItemCodec, LearntEncoder
from tasks.items.contents import read_contents
from tasks.items.encode import ItemWindow, load_encoder, vectors_of
from tasks.items.known import ENCODER_FILE, encoder_of
from tasks.store.embeddings import matrix_of
from tasks.store.history import PastNight
from tasks.store.storage import ModelRef, Store, is_intact, keep_model, keep_table
from tasks.vectors.items import Window, lay_out_window, read_night
from validation.tables.columns import EMBEDDING, IS_ALARM, TEXT_DIGEST
from validation.tables.schemas import DRIFT

logger = logging.getLogger(__name__)


class Learnt(StageResult):
    """The encoder of the night: the model `encoder`, and why it is another one if it is."""

    reason: str | None = None
    """Why it was learnt tonight; None where it is that of the night before."""
    drift: list[Figure] = Field(default_factory=list)
    """What was measured before it was."""
    keeps_clusters: bool = False
    """See `Plan`."""

    @property
    def encoder(self) -> ModelRef:
        """The encoder."""
        return self.models["encoder"]


class Learning(NamedTuple):
    """What decides an encoder besides the items.

    Parameters
    ----------
    codec
        Of the kind of items.
    recipe
        Of the night's model, by the digest of an encoder.
    settings
        When a model is fitted from scratch.
    random_state
        Seed.
    device
        See `models.core.devices.resolve_device`.
    """

    codec: ItemCodec
    recipe: Callable[[str], Recipe]
    settings: RefitSettings
    random_state: int
    device: str


def learn(
    store: Store, window: ItemWindow, last: PastNight | None, how: Learning, is_quiet: bool
) -> Learnt:
    """Keep the encoder of the night before, or learn one from the window's items."""
    if not how.codec.is_learnt:
        return _given(store, how)
    before = last.learnt if last and last.learnt and _is_intact(store, last.learnt) else None
    if last is None or before is None:
        return _learnt(store, window, how, Learnt(reason=_why(last)))
    encoder = encoder_of(how.codec.name, before)
    recipe = how.recipe(encoder.digest)
    if is_quiet and last.fit and last.fit["recipe"] == recipe.key:
        return Learnt(models={"encoder": before})
    load = partial(load_encoder, store, before, how.codec, how.device)

    def read() -> tuple[Floats, Window]:
        items, laid_out = vectors_of(store, window, encoder, load)
        return matrix_of(items[EMBEDDING]), laid_out

    measure = partial(measured, store, read, how.settings)
    found = decide(store.night, last, recipe, how.settings, partial(has_models, store), measure)
    if found.fit.kind == "warm":
        return Learnt(models={"encoder": before})
    why = Learnt(
        reason=found.fit.reason,
        drift=found.fit.drift,
        keeps_clusters=found.keeps_clusters,
    )
    return _learnt(store, window, how, why)


def plan_of(store: Store, learnt: Learnt, last: PastNight | None, recipe: Recipe) -> Plan:
    """Return the plan of a night whose encoder was learnt tonight: a full fit, for its reason.

    Parameters
    ----------
    store
        Tonight's place.
    learnt
        The encoder.
    last
        The night before, or that of a group.
    recipe
        Tonight's.
    """
    rows = [{**figure.model_dump(), IS_ALARM: figure.is_alarm} for figure in learnt.drift]
    fit = Fit(
        kind="full",
        since=store.night,
        reason=(learnt.reason or "") if last else _why(last),
        recipe=recipe.key,
        drift=learnt.drift,
    )
    before = last.learnt.files[ENCODER_FILE].sha256 if last and last.learnt else ""
    as_before = recipe.model_copy(update={"encoder_digest": before})
    return Plan(
        tables={"drift": keep_table(store, "drift", pa.Table.from_pylist(rows, schema=DRIFT))},
        fit=fit,
        lexical=None,
        clustering=None,
        numbers=ChosenNumbers.of_night(last, as_before.key),
        keeps_clusters=learnt.keeps_clusters,
    )


def _why(last: PastNight | None) -> str:
    return "the first night" if last is None else f"the encoder of {last.night} is gone or damaged"


def _is_intact(store: Store, model: ModelRef) -> bool:
    return all(is_intact(store, ref) for ref in model.files.values())


def _given(store: Store, how: Learning) -> Learnt:
    """Keep an encoder that is given; whether it is another one, the recipe of a model tells."""
    encoder = how.codec.learn([], how.random_state, how.device, lambda *_: None)
    return Learnt(models={"encoder": _kept(store, encoder)})


def _learnt(store: Store, window: ItemWindow, how: Learning, why: Learnt) -> Learnt:
    """Learn an encoder from the distinct items of the window."""
    laid_out = lay_out_window([read_night(store, night) for night in window.nights])
    digests = _sample(laid_out.texts[TEXT_DIGEST].to_pylist(), how.codec.most_learnt)
    items = list(read_contents(store, window.contents, digests).values())
    with shown_progress("learn encoder") as report:
        encoder = how.codec.learn(items, how.random_state, how.device, report)
    logger.info("learnt an encoder from %s items: %s", f"{len(items):,}", why.reason)
    kept: dict[str, Any] = {"encoder": _kept(store, encoder)}
    return why.model_copy(update={"models": kept})


def _kept(store: Store, encoder: LearntEncoder) -> ModelRef:
    def save(folder: Path) -> None:
        encoder.save(folder / ENCODER_FILE)

    return keep_model(store, "encoder", save)


def _sample(digests: list[str], most: int | None) -> list[str]:
    """Return every so many of the items, of old and of new ones, where there are too many."""
    return digests[:: -(-len(digests) // most)] if most and digests else digests
