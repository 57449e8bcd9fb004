"""Decide whether tonight goes on from last night's model, and measure how far the feed has drifted.

Reads  items (embedding), the window's documents, the last night's assignments and lexical model
Writes drift (measure, value, limit, is_alarm)
"""

import logging
from datetime import date, timedelta
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from prefect.events import emit_event
from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from models.core.threads import one_thread
from tasks.boundary.counted import counted
from tasks.clusters.estimators import GOES_ON, ClusteringSettings
from tasks.frame.result import StageResult
from tasks.frame.show import show_table
from tasks.frame.stage import cache_key, stage
from tasks.preparing.candidates import PrepareSettings
from tasks.store.embeddings import matrix_of
from tasks.store.history import NightTable, PastNight
from tasks.store.storage import (
    ModelRef,
    Ref,
    Store,
    is_intact,
    keep_table,
    model_folder,
    read_table,
    read_tables,
)
from tasks.vectors.embed import Embedded, first_appearances
from validation.schemas import (
    CLUSTER_ID,
    DOC_ID,
    DOCUMENTS,
    DRIFT,
    EMBEDDING,
    IS_ALARM,
    TEXT_DIGEST,
)

logger = logging.getLogger(__name__)

_MIN_NOVEL: Final = 30
ALARM_EVENT: Final = "nightfold.drift.alarm"


class RefitSettings(BaseModel):
    """When the model is fitted from nothing instead of going on from last night's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_nights: PositiveInt = Field(
        7, description="Nights from one full fit to the next; 1 fits from nothing every night."
    )
    max_new_share: float = Field(
        0.4, gt=0, le=1, description="Share of the window's texts that came since the full fit."
    )
    max_far_share: float = Field(
        0.2, gt=0, le=1, description="Share of these that are far from every known cluster."
    )
    max_novel_share: float = Field(
        0.01, gt=0, le=1, description="Share of these that are far, in company: a new theme."
    )
    max_size_shift: float = Field(
        0.25, gt=0, description="Population stability index of the sizes of the clusters."
    )
    max_centroid_movement: float = Field(
        0.25, gt=0, le=2, description="Cosine distance between a cluster's old and new documents."
    )
    max_unknown_words: float = Field(
        0.1, gt=0, le=1, description="Share of words unknown at the full fit, beyond what is usual."
    )


class Figure(BaseModel):
    """One measure of drift."""

    model_config = ConfigDict(frozen=True)

    measure: str
    value: float
    limit: float

    @property
    def is_alarm(self) -> bool:
        """Whether the limit is passed."""
        return self.value > self.limit


class Fit(BaseModel):
    """How tonight's model comes about."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["full", "warm"]
    since: date
    """The night of the last fit from nothing; tonight for a full one."""
    reason: str
    recipe: str
    """Key of all that a model depends on besides the documents."""
    drift: list[Figure] = []


class Plan(StageResult):
    """What the stages that learn are told; the figures of the fit are the table `drift`."""

    fit: Fit
    lexical: ModelRef | None
    clustering: ModelRef | None
    """Last night's models, to go on from; None: from nothing."""
    keeps_clusters: bool
    """Whether pieces of last night's clusters are put together again. Not where a full fit was due
    or the settings changed: that is the way out of a cluster that should not be one."""

    def facts(self) -> dict[str, Any]:
        """Return how the model comes about."""
        return {"fit": self.fit.model_dump(mode="json")}


class Recipe(BaseModel):
    """All that a model depends on besides the documents; not what costs only speed or memory."""

    model_config = ConfigDict(frozen=True)

    encoder_digest: str
    prepare: PrepareSettings
    lexical_dim: int
    clustering: ClusteringSettings
    random_state: int
    versions: dict[str, str]
    """Of the stages that decide it."""

    @property
    def key(self) -> str:
        """Spell it, short."""
        return cache_key("recipe", 1, {"recipe": self})


@stage("drift", version=3)
@one_thread()
def plan_fit(
    store: Store,
    embedded: Embedded,
    window: list[NightTable],
    last: PastNight | None,
    recipe: Recipe,
    settings: RefitSettings,
) -> Plan:
    """Measure the drift since the last full fit, and go on from last night's model if it is small.

    An alarm is an event in Prefect, for automations to act on.
    """
    refusal = _cannot_go_on(store, last, recipe)
    if last is None or last.fit is None or refusal:
        return _from_nothing(store, recipe, refusal, [])
    since = date.fromisoformat(last.fit["since"])
    figures = _figures(store, embedded, window, last, since, settings)
    show_table("drift", [figure.model_dump() for figure in figures], "Drift since the last fit")
    alarms = [figure for figure in figures if figure.is_alarm]
    if alarms:
        _ring(store, alarms)
        said = ", ".join(f"{it.measure} {it.value:.3f} > {it.limit:g}" for it in alarms)
        plan = _from_nothing(store, recipe, f"drift since {since}: {said}", figures)
        return plan.model_copy(update={"keeps_clusters": True})
    if store.night >= since + timedelta(days=settings.every_nights):
        rhythm = counted(settings.every_nights, "night").removeprefix("1 ")
        due = f"due every {rhythm}, the last was on {since}"
        return _from_nothing(store, recipe, due, figures)
    logger.info("going on from the model of night %s, fitted on %s", last.night, since)
    reason = f"little drift since {since}"
    return Plan(
        tables={"drift": _kept(store, figures)},
        fit=Fit(kind="warm", since=since, reason=reason, recipe=recipe.key, drift=figures),
        lexical=last.lexical,
        clustering=last.clustering,
        keeps_clusters=True,
    )


def _cannot_go_on(store: Store, last: PastNight | None, recipe: Recipe) -> str:
    """Say why last night's model is of no use tonight; empty if it is."""
    if last is None:
        return "the first night"
    if last.fit is None:
        return f"night {last.night} was published by an older nightfold"
    refs = [*last.lexical.files.values(), *last.clustering.files.values()]
    estimator = recipe.clustering.estimator
    obstacles = {
        f"{estimator} is always fitted from nothing": estimator not in GOES_ON,
        "settings, encoder or nightfold have changed": last.fit["recipe"] != recipe.key,
        f"the k-means labels were published on {last.night}": last.published != "refined",
        f"the model of night {last.night} is missing or damaged": not all(
            is_intact(store, ref) for ref in refs
        ),
    }
    return next((obstacle for obstacle, is_met in obstacles.items() if is_met), "")


def _from_nothing(store: Store, recipe: Recipe, reason: str, figures: list[Figure]) -> Plan:
    logger.info("fitting from nothing: %s", reason)
    fit = Fit(kind="full", since=store.night, reason=reason, recipe=recipe.key, drift=figures)
    tables = {"drift": _kept(store, figures)}
    return Plan(tables=tables, fit=fit, lexical=None, clustering=None, keeps_clusters=False)


def _kept(store: Store, figures: list[Figure]) -> Ref:
    """Keep the figures as a table."""
    rows = [{**figure.model_dump(), IS_ALARM: figure.is_alarm} for figure in figures]
    return keep_table(store, "drift", pa.Table.from_pylist(rows, schema=DRIFT))


def _figures(
    store: Store,
    embedded: Embedded,
    window: list[NightTable],
    last: PastNight,
    since: date,
    settings: RefitSettings,
) -> list[Figure]:
    """Measure the texts that came after the last full fit against those that were there."""
    from models.quality.drift import centroid_movement, count_novel, place, population_stability

    items = read_table(store, embedded.items, [TEXT_DIGEST, EMBEDDING])
    X, cluster_of = matrix_of(items[EMBEDDING]), _cluster_of_texts(store, window, last)
    groups = first_appearances(store, [night.table for night in window])
    is_new = np.repeat([night.night > since for night in window], [len(it) for it in groups])
    known = [cluster_of.get(digest) for digest in items[TEXT_DIGEST].to_pylist()]
    rows = np.flatnonzero(~is_new & np.array([it is not None for it in known]))
    new_share = Figure(
        measure="new_share",
        value=float(is_new.mean()) if len(rows) else 1.0,
        limit=settings.max_new_share,
    )
    if len(rows) == 0 or not is_new.any():
        return [new_share]
    _, labels = np.unique([known[row] for row in rows], return_inverse=True)
    reference, newcomers = X[rows], X[is_new]
    placement = place(reference, labels, newcomers)
    n_novel = count_novel(reference, newcomers, placement.is_far)
    n_clusters = int(labels.max()) + 1
    measured = {
        "far_share": (placement.is_far.mean(), settings.max_far_share),
        "novel_share": (
            n_novel / len(newcomers),
            max(settings.max_novel_share, _MIN_NOVEL / len(newcomers)),
        ),
        "size_shift": (
            population_stability(labels, placement.clusters, n_clusters),
            settings.max_size_shift,
        ),
        "centroid_movement": (
            centroid_movement(reference, labels, newcomers, placement),
            settings.max_centroid_movement,
        ),
        "unknown_words": (_unknown_words(store, last, groups, is_new), settings.max_unknown_words),
    }
    return [
        new_share,
        *(
            Figure(measure=name, value=float(value), limit=limit)
            for name, (value, limit) in measured.items()
        ),
    ]


def _cluster_of_texts(store: Store, window: list[NightTable], last: PastNight) -> dict[str, str]:
    """Give text digest → cluster of the last night."""
    assigned = read_table(store, last.assignments, [DOC_ID, CLUSTER_ID])
    cluster_of = dict(zip(*(column.to_pylist() for column in assigned.columns), strict=True))
    tables = [night.table for night in window]
    documents = read_tables(store, tables, [DOC_ID, TEXT_DIGEST], DOCUMENTS)
    pairs = zip(documents[DOC_ID].to_pylist(), documents[TEXT_DIGEST].to_pylist(), strict=True)
    return {digest: cluster_of[doc_id] for doc_id, digest in pairs if doc_id in cluster_of}


def _unknown_words(
    store: Store, last: PastNight, groups: list[dict[str, str]], is_new: Any
) -> float:
    """Give the share of words that the last full fit did not know, beyond that of its own texts."""
    from models.quality.drift import unknown_word_share
    from models.text.lexical_views import LexicalViews

    with model_folder(store, last.lexical) as folder:
        vocabulary = frozenset(LexicalViews.load(folder).words.vocabulary_)
    texts = [text for group in groups for text in group.values()]
    new, old = (
        unknown_word_share([texts[row] for row in np.flatnonzero(side)], vocabulary)
        for side in (is_new, ~is_new)
    )
    return max(0.0, new - old)


def _ring(store: Store, alarms: list[Figure]) -> None:
    """Tell Prefect, where an automation may listen."""
    logger.warning("drift alarm: %s", ", ".join(figure.measure for figure in alarms))
    emit_event(
        event=ALARM_EVENT,
        resource={"prefect.resource.id": f"nightfold.feed.{store.feed}"},
        payload={
            "night": str(store.night),
            "alarms": [figure.model_dump() for figure in alarms],
        },
    )
