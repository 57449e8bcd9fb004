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

from tasks.clusters.drift import Figure, RefitSettings
from tasks.clusters.fit import Fit
from tasks.clusters.numbers import ChosenNumbers
from tasks.clusters.plan_fit import Plan, Recipe, decide, has_models, measured
from tasks.frame.progress import shown_progress
from tasks.frame.result import StageResult
from tasks.items.base import ItemCodec
from tasks.items.contents import read_contents
from tasks.items.encode import ItemWindow, load_encoder, vectors_of
from tasks.items.known import ENCODER_FILE, encoder_of
from tasks.store.history import PastNight
from tasks.store.storage import ModelRef, Store, is_intact, keep_model, keep_table
from tasks.vectors.items import lay_out_window, read_night
from validation.tables.columns import IS_ALARM, TEXT_DIGEST
from validation.tables.schemas import DRIFT

logger = logging.getLogger(__name__)


class Learnt(StageResult):
    """The encoder of the night: the model `encoder`, and why it is another one if it is."""

    reason: str | None = None
    """Why it was learnt tonight; None where it is that of the night before."""
    drift: list[Figure] = Field(default_factory=list)
    """What was measured before it was."""
    keeps_clusters: bool = False
    numbers: ChosenNumbers | None = None
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
    before = last.learnt if last and last.learnt and _is_intact(store, last.learnt) else None
    if last is None or before is None:
        return _learnt(store, window, how, Learnt(reason=_why(last)))
    encoder = encoder_of(how.codec.name, before)
    recipe = how.recipe(encoder.digest)
    if is_quiet and last.fit and last.fit["recipe"] == recipe.key:
        return Learnt(models={"encoder": before})
    load = partial(load_encoder, store, before, how.codec, how.device)
    read = partial(vectors_of, store, window, encoder, load)
    measure = partial(measured, store, read, how.settings)
    found = decide(store.night, last, recipe, how.settings, partial(has_models, store), measure)
    if found.fit.kind == "warm":
        return Learnt(models={"encoder": before})
    why = Learnt(
        reason=found.fit.reason,
        drift=found.fit.drift,
        keeps_clusters=found.keeps_clusters,
        numbers=ChosenNumbers.of_night(last, recipe.key),
    )
    return _learnt(store, window, how, why)


def plan_of(store: Store, learnt: Learnt, recipe: Recipe) -> Plan:
    """Return the plan of a night whose encoder was learnt tonight: a full fit, for its reason."""
    rows = [{**figure.model_dump(), IS_ALARM: figure.is_alarm} for figure in learnt.drift]
    fit = Fit(
        kind="full",
        since=store.night,
        reason=learnt.reason or "",
        recipe=recipe.key,
        drift=learnt.drift,
    )
    return Plan(
        tables={"drift": keep_table(store, "drift", pa.Table.from_pylist(rows, schema=DRIFT))},
        fit=fit,
        lexical=None,
        clustering=None,
        numbers=learnt.numbers,
        keeps_clusters=learnt.keeps_clusters,
    )


def _why(last: PastNight | None) -> str:
    return "the first night" if last is None else f"the encoder of {last.night} is gone or damaged"


def _is_intact(store: Store, model: ModelRef) -> bool:
    return all(is_intact(store, ref) for ref in model.files.values())


def _learnt(store: Store, window: ItemWindow, how: Learning, why: Learnt) -> Learnt:
    """Learn an encoder from the distinct items of the window."""
    laid_out = lay_out_window([read_night(store, night) for night in window.nights])
    digests: list[str] = laid_out.texts[TEXT_DIGEST].to_pylist()
    items = list(read_contents(store, window.contents, digests).values())
    with shown_progress("learn encoder") as report:
        encoder = how.codec.learn(items, how.random_state, how.device, report)

    def save(folder: Path) -> None:
        encoder.save(folder / ENCODER_FILE)

    logger.info("learnt an encoder from %s items: %s", f"{len(items):,}", why.reason)
    kept: dict[str, Any] = {"encoder": keep_model(store, "encoder", save)}
    return why.model_copy(update={"models": kept})
