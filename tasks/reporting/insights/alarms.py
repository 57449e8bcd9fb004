"""Clusters that emerge, told: in the log, to Prefect's automations, and as sentences."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tasks.boundary.counted import counted
from tasks.boundary.excerpts import excerpt
from tasks.store.storage import Store
from validation.tables.columns import CLUSTER_ID, IS_ALARM, KIND, NAME
from validation.tables.insight_schemas import EXPECTED, HIGH, LOW, N_NEW, Z

logger = logging.getLogger(__name__)

ALARM_EVENT: Final = "nightfold.emergence.alarm"

_NAME_CHARS: Final = 60

Row = Mapping[str, Any]


def announce(store: Store, rows: Sequence[Row], names: Mapping[str, str]) -> None:
    """Log the alarms of a night, and send Prefect an event where there are any.

    Parameters
    ----------
    store
        Which night.
    rows
        Of the table `emergence`.
    names
        Cluster → its name.
    """
    alarms = alarms_of(rows)
    for row in alarms:
        logger.warning("emergence alarm: %s", emergence_sentence(row, names[row[CLUSTER_ID]]))
    if not alarms:
        return
    # The sentences are for commands too, which have no need of Prefect.
    from prefect.events import emit_event

    emit_event(
        event=ALARM_EVENT,
        resource={"prefect.resource.id": f"nightfold.feed.{store.feed}"},
        payload={"night": str(store.night), "alarms": [_told(row, names) for row in alarms]},
    )


def alarms_of(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that are alarms, the one furthest beyond what is usual first."""
    return sorted((row for row in rows if row[IS_ALARM]), key=lambda row: -row[Z])


def emergence_sentence(row: Row, name: str) -> str:
    """Say how many new documents a cluster had, and how many were expected."""
    return emergence_told(row, repr(excerpt(name, _NAME_CHARS)))


def emergence_told(row: Row, quoted: str) -> str:
    """Say the same of a cluster whose name stands in quotation marks already."""
    who = quoted + (" is new and" if row[KIND] == "new_story" else "")
    documents = counted(row[N_NEW], "new document")
    if (
        row[IS_ALARM] and row[N_NEW] <= row[HIGH]
    ):  # usual by itself, and too many together with last night's
        return f"{who} has had more documents than usual for two nights, {row[N_NEW]:,} tonight"
    return f"{who} had {documents}; {_band(row[LOW], row[HIGH])} expected"


def _band(low: int, high: int) -> str:
    if high == 0:
        return "none were"
    numbers = f"{high:,}" if low == high else f"{low:,} to {high:,}"
    return f"{numbers} {'was' if low == high == 1 else 'were'}"


def _told(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    """Return what the event says of an alarm."""
    said = {name: row[name] for name in (CLUSTER_ID, KIND, N_NEW, EXPECTED, LOW, HIGH, Z)}
    name = names[row[CLUSTER_ID]]
    return said | {NAME: excerpt(name, _NAME_CHARS), "sentence": emergence_sentence(row, name)}
