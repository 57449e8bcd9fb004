"""Find what a review feed is read for, as a stage: how clusters are rated, where, which emerge.

Reads  the window's documents with the feed's own columns, assignments, clusters, last night's
       ratings
Writes ratings (RATINGS), breakdown (BREAKDOWN), emergence (EMERGENCE)
"""

from typing import Any

import pyarrow.compute as pc
from pydantic import Field

from models.core.threads import one_thread
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.reporting.describe import Described
from tasks.reporting.insights.alarms import announce
from tasks.reporting.insights.breakdown import (
    breakdown_table,
    broken_down,
    languages_of_window,
)
from tasks.reporting.insights.emergence import count_by_night, emergence_table
from tasks.reporting.insights.ratings import rating_facts, rating_table
from tasks.reporting.insights.roles import Roles
from tasks.reporting.insights.window_columns import ratings_of, read_columns
from tasks.reporting.night_view import grouped_name
from tasks.store.history import NightTable
from tasks.store.storage import Ref, Store, keep_table, read_table
from validation.tables.columns import CLUSTER_ID, DOC_ID, GROUP, NAME
from validation.tables.insight_schemas import MEAN_RATING


class Insights(StageResult):
    """What tonight's clusters mean to who reads them."""

    rating: dict[str, Any] = Field(default_factory=dict)
    """See `tasks.reporting.insights.ratings.rating_facts`."""

    def facts(self) -> dict[str, Any]:
        """Return which columns are ratings, and how many documents have one."""
        return self.rating


@stage("insights", version=1)
@one_thread()
def find_insights(
    store: Store,
    window: list[NightTable],
    described: Described,
    languages: dict[str, float],
    roles: Roles,
) -> Insights:
    """Rate the clusters, break them down by the feed's own columns, and see which emerge.

    An alarm is an event in Prefect, for automations to act on.
    """
    clusters = read_table(store, described.tables["clusters"], [CLUSTER_ID, NAME, GROUP])
    cluster_ids = clusters[CLUSTER_ID]
    assigned = read_table(store, described.tables["assignments"], [DOC_ID, CLUSTER_ID])
    columns = read_columns(store, window, roles.ratings)
    places = pc.index_in(columns.doc_ids, assigned[DOC_ID])
    labels = pc.index_in(assigned[CLUSTER_ID].take(places), cluster_ids).to_numpy()
    ratings, unread = ratings_of(columns, roles.ratings)
    ids, before = cluster_ids.to_pylist(), _means(store, roles.last_ratings)
    by_night = count_by_night(labels, columns.nights, (len(ids), len(window)))
    looked_at = languages_of_window(store, window, languages)
    looked_at |= broken_down(columns, roles.left_out, roles.has_source)
    tables = {
        "ratings": rating_table(ratings, labels, ids, before),
        "breakdown": breakdown_table(looked_at, labels, ids),
        "emergence": emergence_table(by_night, [it.night for it in window], ids, store.night),
    }
    names = {row[CLUSTER_ID]: grouped_name(row) for row in clusters.to_pylist()}
    announce(store, tables["emergence"].to_pylist(), names)
    return Insights(
        tables={name: keep_table(store, "insights", it) for name, it in tables.items()},
        rating=rating_facts(roles.ratings, ratings, unread),
    )


def _means(store: Store, ratings: Ref | None) -> dict[str, float]:
    """Read the mean of every cluster that had one on the last night."""
    if ratings is None:
        return {}
    read = read_table(store, ratings, [CLUSTER_ID, MEAN_RATING]).drop_null()
    return dict(zip(*(read[it].to_pylist() for it in (CLUSTER_ID, MEAN_RATING)), strict=True))
