"""The pipeline: from tonight's feed to published tables.

By hand: ``nightfold run FEED --store DIR``. As a Prefect entrypoint: ``flows/nightly.py:nightly``.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from prefect import flow
from pydantic import BaseModel, ConfigDict

from flows.clusters import Given, find_clusters, find_groups
from flows.config import NightlyConfig
from flows.failure import fails_in_a_sentence
from flows.modality.base import Encoded, Tonight
from flows.modality.before import BEFORE, require_same_kind
from flows.modality.kinds import modality_of
from flows.prefect_home.dead_runs import close_dead_runs
from flows.prefect_home.runtime import let_info_through
from flows.unchanged import inputs_digest
from tasks.curating.curate import curate, rested_before
from tasks.curating.file import TonightsCuration, read_curation
from tasks.frame.cache import cached_in
from tasks.frame.result import StageResult
from tasks.frame.runner import worked_on_by
from tasks.frame.stage import StageRecord, recorded_stages
from tasks.mapping.map_documents import map_documents
from tasks.mentions.mention import mention
from tasks.preparing.check_prepared import check_prepared
from tasks.preparing.prepare import prepare
from tasks.preparing.usual import read_usual
from tasks.preparing.withdraw import withdraw
from tasks.publishing.night import Surroundings
from tasks.publishing.notify.tell import tell
from tasks.publishing.publish import Published, publish
from tasks.publishing.report import report
from tasks.publishing.unchanged import keep_night
from tasks.reading.sources.urls import without_query
from tasks.reporting.insights.insights import find_insights
from tasks.reporting.insights.roles import roles_of
from tasks.reporting.watches import watch_terms, watched_before
from tasks.store.bucket.claim import Claim, run_lock
from tasks.store.fetched.landed import nothing_landed
from tasks.store.history import History, read_history, require_intact
from tasks.store.manifests import require_known_format
from tasks.store.storage import Store, clear_scratch
from tasks.store.turn import turn_of
from tasks.titling.titles import give_titles
from tasks.vectors.passages import Passages

logger = logging.getLogger(__name__)


class NightReport(BaseModel):
    """What a run did."""

    model_config = ConfigDict(frozen=True)

    published: Published
    stages: list[StageRecord]
    """All stages, in order."""
    page: str | None = None
    """Path of the report; None where it is switched off."""
    not_told: int = 0
    """Channels that could not be told of the night."""

    @property
    def ran(self) -> list[StageRecord]:
        """The stages that were not cached, in order."""
        return [it for it in self.stages if not it.is_cached]


@flow(name="nightly", flow_run_name="{config.feed_name} {config.night}")
@fails_in_a_sentence
def nightly(config: NightlyConfig) -> NightReport:
    """Cluster one night of a feed and publish its tables.

    Examples
    --------
    >>> config = NightlyConfig(
    ...     feed="reviews.jsonl", store="my-store", night="2026-03-02",
    ...     clustering={"estimator": "k-means", "n_clusters": 13},
    ... )
    >>> nightly(config).published.changed
    True
    """
    let_info_through()
    store = config.tonight()
    with _run_on(store, config) as (claim, stages):
        past, curation = _begin(store, config)
        last, by, modality = past.last, config.clustering.by, modality_of(config)

        feed = modality.find(store, config, past)
        key = inputs_digest(config, feed, BEFORE[config.modality].encoder(config, last), curation)
        read = modality.read(store, feed, config)
        raw, is_quiet = read.raw, feed.is_continued and not read.raw.rows.rows
        usual = read_usual(store, past, is_quiet)
        checked = modality.check(store, raw, config, usual, is_quiet)
        prepared = prepare(
            store, checked, past.documents(), config.prepare, config.ingest.on_change
        )
        bounds = config.check.document_bounds(config.prepare.max_text_chars, usual)
        documents = check_prepared(store, prepared, checked, bounds, past.last_read())
        earlier = past.documents_within(store, config.window_days, is_quiet)
        window = withdraw(store, [*earlier, documents.tonight(store)]).nights
        tonight = Tonight(store, config, past, window, is_quiet)
        encoded = modality.encode(tonight, read)
        given = Given(tonight, modality, encoded, encoded.themes)
        clusters = find_groups(given, config) if by else find_clusters(given, config)
        views, described, found = clusters.views, clusters.described, clusters.found
        curated = curate(store, views, described, last, curation, rested_before(store, last))
        passages = modality.passages(tonight, encoded, views)
        told = mention(store, window, views, passages, found, curated)
        assigned, before = told.tables["assignments"], watched_before(store, last)
        roles = roles_of(raw, past, window, config.ingest.columns.rating, by)
        results = [
            *(feed, raw, checked, documents, *encoded.results, *clusters.results),
            give_titles(store, told, config.titles) if config.titles.model else told,
            find_insights(store, window, told, views.languages, roles),
            watch_terms(store, views, assigned, config.watch, before),
            modality.copies(tonight, encoded, views, assigned),
            map_documents(
                store,
                encoded.embedded,
                last.map if last else None,
                config.report,
                clusters.is_full,
                config.random_state,
            ),
        ]
        around = _around(tonight, encoded, passages)
        return _reported(claim, results, around, stages, config, key)


@contextmanager
def _run_on(store: Store, config: NightlyConfig) -> Iterator[tuple[Claim, list[StageRecord]]]:
    """Hold the store for a run with its cache and its workers, and record the stages."""
    with (
        run_lock(store) as claim,
        nothing_landed(store),
        cached_in(store),
        worked_on_by(config.runner),
        recorded_stages() as stages,
    ):
        yield claim, stages


def _reported(
    claim: Claim,
    results: list[StageResult],
    around: Surroundings,
    stages: list[StageRecord],
    config: NightlyConfig,
    key: str,
) -> NightReport:
    """Publish the night, keep what it was made from (see `flows.unchanged`), and tell of it."""
    store = config.tonight()
    published = publish(store, results, around, stages)
    keep_night(store, key, around)
    page = report(store, published, config.report)
    claim.send()
    not_told = tell(store, config.notify if published.changed else ())
    return NightReport(published=published, stages=stages, page=page, not_told=not_told)


def _begin(store: Store, config: NightlyConfig) -> tuple[History, TonightsCuration]:
    """Clear away what killed runs have left, and read what the nights before and people have."""
    clear_scratch(store)
    close_dead_runs()
    require_known_format(store.root)
    for remark in turn_of(store, is_said="night" in config.model_fields_set):
        logger.warning(remark)
    past = read_history(store)
    require_same_kind(config, past)
    require_intact(store, past)
    return past, read_curation(store, config.curation)


def _around(tonight: Tonight, encoded: Encoded, passages: Passages) -> Surroundings:
    """Return what the night is published from besides the results of its stages."""
    config = tonight.config
    return Surroundings(
        window=tonight.window,
        items=encoded.embedded.items,
        passages=passages.items,
        encoder=encoded.encoder,
        config=config.decided(),
        read_from=without_query(config.tonights_feed()),
    )
