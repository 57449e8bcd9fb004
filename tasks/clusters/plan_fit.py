"""Decide whether tonight continues from last night's model, and measure the drift of the feed.

Reads  items (embedding), the window's documents, the last night's assignments and lexical model
Writes drift (measure, value, limit, is_alarm)
"""

import logging
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from prefect.events import emit_event
from pydantic import BaseModel, ConfigDict

from models.core.arrays import Floats
from models.core.threads import one_thread
from tasks.boundary.counted import counted
from tasks.clusters.drift import Figure, RefitSettings, WindowSince, measure_drift
from tasks.clusters.estimators import ClusteringSettings, class_of
from tasks.clusters.fit import Fit
from tasks.clusters.numbers import ChosenNumbers
from tasks.clusters.window import clusters_of_texts
from tasks.frame.result import StageResult
from tasks.frame.show import show_table
from tasks.frame.stage import cache_key, stage
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.store.history import PastNight
from tasks.store.storage import ModelRef, Store, is_intact, keep_table, load_model, read_table
from tasks.vectors.embed import Embedded
from tasks.vectors.items import Window, read_window
from tasks.vectors.matrices import read_matrix
from validation.tables.columns import CLUSTER_ID, DOC_ID, EMBEDDING, IS_ALARM, NIGHT, REMARKS, TEXT
from validation.tables.schemas import DRIFT

logger = logging.getLogger(__name__)

ALARM_EVENT: Final = "nightfold.drift.alarm"


class Plan(StageResult):
    """What the stages that learn are told; the figures of the fit are the table `drift`."""

    fit: Fit
    lexical: ModelRef | None
    clustering: ModelRef | None
    """Last night's models, to continue from; None for a full fit."""
    numbers: ChosenNumbers | None = None
    """What the last full fit chose; None where settings have changed since."""
    keeps_clusters: bool
    """Whether pieces of last night's clusters are put together again. Not where a full fit was due
    or the settings changed: that is the way out of a cluster that should not be one."""
    carries_over: bool = False
    """Whether nothing is learned, and last night's clusters stay as they are."""

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


class Decision(NamedTuple):
    """What `decide` finds; see `Plan`."""

    fit: Fit
    keeps_clusters: bool


@stage("drift", version=5)
@one_thread()
def plan_fit(
    store: Store,
    embedded: Embedded,
    last: PastNight | None,
    recipe: Recipe,
    settings: RefitSettings,
    is_quiet: bool = False,
) -> Plan:
    """Measure the drift since the last full fit; continue from last night's model if it is small.

    An alarm is an event in Prefect, for automations to act on. On a quiet night, on which the feed
    had nothing new, last night's clusters stay as they are.
    """
    return planned(store, embedded, last, recipe, settings, is_quiet)


def planned(
    store: Store,
    embedded: Embedded,
    last: PastNight | None,
    recipe: Recipe,
    settings: RefitSettings,
    is_quiet: bool,
) -> Plan:
    """Decide how the model comes about; see `plan_fit`."""
    if is_quiet and last and _can_stay(store, embedded, last, recipe):
        return _as_it_was(store, last, recipe)
    measure = partial(measured, store, partial(_read, store, embedded), settings)
    has_all = partial(has_models, store)
    fit, keeps_clusters = decide(store.night, last, recipe, settings, has_all, measure)
    _show(store, fit.drift)
    rows = [{**figure.model_dump(), IS_ALARM: figure.is_alarm} for figure in fit.drift]
    from_last = last if fit.kind == "warm" else None
    return Plan(
        tables={"drift": keep_table(store, "drift", pa.Table.from_pylist(rows, schema=DRIFT))},
        fit=fit,
        lexical=from_last.lexical if from_last else None,
        clustering=from_last.clustering if from_last else None,
        numbers=ChosenNumbers.of_night(last, recipe.key),
        keeps_clusters=keeps_clusters,
    )


def decide(
    night: date,
    last: PastNight | None,
    recipe: Recipe,
    settings: RefitSettings,
    has_models: Callable[[PastNight], bool],
    measure: Callable[[PastNight, date], list[Figure]],
) -> Decision:
    """Choose between a full fit and one that continues from last night's model.

    Parameters
    ----------
    night, last
        Tonight and the night before it, if there is one.
    recipe
        Tonight's.
    settings
        How often a full fit is due.
    has_models
        Checks the files of a night's models; called only where nothing else stands in the way.
    measure
        Measures the drift since the night of a fit; called only where tonight could continue.
    """
    obstacle = _obstacle(last, recipe, has_models)
    if last is None or last.fit is None or obstacle:
        return _from_nothing(night, recipe, obstacle, [])
    since = date.fromisoformat(last.fit["since"])
    figures = measure(last, since)
    alarms = [figure for figure in figures if figure.is_alarm]
    if alarms:
        said = ", ".join(f"{it.measure} {it.value:.3f} > {it.limit:g}" for it in alarms)
        full = _from_nothing(night, recipe, f"drift since {since}: {said}", figures)
        return full._replace(keeps_clusters=True)
    if night >= since + timedelta(days=settings.every_nights):
        rhythm = counted(settings.every_nights, "night").removeprefix("1 ")
        due = f"due every {rhythm}, last on {since}"
        return _from_nothing(night, recipe, due, figures)
    logger.info("continuing from the model of night %s, fitted on %s", last.night, since)
    reason = f"little drift since {since}"
    fit = Fit(kind="warm", since=since, reason=reason, recipe=recipe.key, drift=figures)
    return Decision(fit, keeps_clusters=True)


def _obstacle(
    last: PastNight | None, recipe: Recipe, has_models: Callable[[PastNight], bool]
) -> str:
    """Return why tonight cannot continue from last night's model; empty if it can."""
    if last is None:
        return "the first night"
    if last.fit is None:
        return f"night {last.night} was published by an older version of nightfold"
    estimator = recipe.clustering.estimator
    if not class_of(estimator).goes_on:
        return f"{estimator} is always fitted from scratch"
    if last.fit["recipe"] != recipe.key:
        return "the settings, the encoder or nightfold itself changed"
    if last.published != "refined":
        return f"k-means labels were published on {last.night}"
    return "" if has_models(last) else f"the model of night {last.night} is missing or damaged"


def _from_nothing(night: date, recipe: Recipe, reason: str, figures: list[Figure]) -> Decision:
    logger.info("full fit: %s", reason)
    fit = Fit(kind="full", since=night, reason=reason, recipe=recipe.key, drift=figures)
    return Decision(fit, keeps_clusters=False)


def has_models(store: Store, last: PastNight) -> bool:
    """Check the files of a night's models."""
    refs = [*last.lexical.files.values(), *last.clustering.files.values()]
    return all(is_intact(store, ref) for ref in refs)


def _can_stay(store: Store, embedded: Embedded, last: PastNight, recipe: Recipe) -> bool:
    """Check that last night's clusters are still those of tonight's window and settings."""
    if last.fit is None or last.fit["recipe"] != recipe.key or not has_models(store, last):
        return False
    texts, documents = read_window(store, embedded.window)
    assigned = _assigned(store, last)
    there = set(clusters_of_texts(documents, assigned, len(texts)))
    return there == set(assigned[CLUSTER_ID].to_pylist())


def _assigned(store: Store, last: PastNight) -> pa.Table:
    """Read which documents were in which cluster on the last night; remarks were in no theme."""
    assigned = read_table(store, last.assignments, [DOC_ID, CLUSTER_ID])
    return assigned.filter(pc.not_equal(assigned[CLUSTER_ID], REMARKS))


def _as_it_was(store: Store, last: PastNight, recipe: Recipe) -> Plan:
    since, reason = (last.fit or {})["since"], f"nothing new since {last.night}"
    return Plan(
        tables={"drift": keep_table(store, "drift", DRIFT.empty_table())},
        fit=Fit(kind="warm", since=since, reason=reason, recipe=recipe.key),
        lexical=last.lexical,
        clustering=last.clustering,
        numbers=ChosenNumbers.of_night(last, recipe.key),
        keeps_clusters=True,
        carries_over=True,
    )


def _read(store: Store, embedded: Embedded) -> tuple[Floats, Window]:
    return read_matrix(store, embedded.items, EMBEDDING), read_window(store, embedded.window)


def measured(
    store: Store,
    read: Callable[[], tuple[Floats, Window]],
    settings: RefitSettings,
    last: PastNight,
    since: date,
) -> list[Figure]:
    """Read what the drift since a night is measured on, and measure it.

    Parameters
    ----------
    store
        Of the night.
    read
        Reads the window's vectors, shape (n_texts, embedding_dim), and the window.
    settings
        The limits.
    last, since
        The night before, and that of its last full fit.
    """
    from models.text.lexical.views import LexicalViews

    X, (texts, documents) = read()
    window = WindowSince(
        X=X,
        texts=texts[TEXT].to_pylist(),
        is_new=pc.greater(texts[NIGHT], since).to_numpy(),
        clusters=clusters_of_texts(documents, _assigned(store, last), len(texts)),
    )

    def known_words() -> frozenset[str]:
        return frozenset(load_model(store, last.lexical, LexicalViews.load).words.vocabulary_)

    return measure_drift(window, known_words if last.lexical.files else None, settings)


def _show(store: Store, figures: list[Figure]) -> None:
    """Show the figures in Prefect, and send it an event where an automation may listen."""
    if figures:
        show_table("drift", [it.model_dump() for it in figures], "Drift since the last fit")
    alarms = [figure for figure in figures if figure.is_alarm]
    if not alarms:
        return
    logger.warning("drift alarm: %s", ", ".join(figure.measure for figure in alarms))
    emit_event(
        event=ALARM_EVENT,
        resource={"prefect.resource.id": f"nightfold.feed.{store.feed}"},
        payload={
            "night": str(store.night),
            "alarms": [figure.model_dump() for figure in alarms],
        },
    )
