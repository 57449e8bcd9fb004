"""From vectors to described clusters: of all documents, or within each value of a column."""

import logging
from dataclasses import dataclass, replace
from typing import NamedTuple

from flows.config import NightlyConfig
from flows.modality.base import Encoded, Modality, OfModel, Planned, Tonight
from tasks.boundary.excerpts import excerpt
from tasks.clusters.carry import carry_over
from tasks.clusters.plan_fit import Plan, Recipe
from tasks.clusters.pretrain import pretrain
from tasks.clusters.reconcile import rejoin_pieces
from tasks.clusters.refine import Refined, refine
from tasks.frame.result import StageResult
from tasks.groups.join import OneGroup, ids_of, join_groups
from tasks.groups.part import NAME_CHARS, part_in_groups
from tasks.groups.past import last_of_all, last_of_group
from tasks.mentions.mention import Found, FoundPart, found_clusters
from tasks.preparing.prepare import prepare
from tasks.reporting.describe import Described, describe
from tasks.reporting.evaluate import NEVER_BASELINE, Evaluation, evaluate
from tasks.reporting.portraits import OfGroup
from tasks.store.history import PastNight
from tasks.store.storage import Store
from tasks.vectors.embed import Embedded
from tasks.vectors.views import Views

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Given:
    """What is clustered tonight, and what there was before.

    Parameters
    ----------
    tonight
        The night, its window, and the nights before.
    modality
        What its documents are.
    encoded
        The window as vectors.
    themes
        The window, or a group of it, without its remarks, which stand beside it.
    """

    tonight: Tonight
    modality: Modality
    encoded: Encoded
    themes: Embedded


class Clusters(NamedTuple):
    """Tonight's clusters as they were found, and what is published of how they were."""

    views: Views
    described: Described
    found: Found
    results: list[StageResult]
    is_full: bool
    """Whether no model goes on from the night before."""


class _Parts(NamedTuple):
    """What the stages return that cluster documents together."""

    plan: Plan
    views: Views
    refined: Refined
    evaluation: Evaluation
    described: Described


def find_clusters(given: Given, config: NightlyConfig) -> Clusters:
    """Cluster all documents together."""
    past = given.tonight.past
    last = last_of_all(past)
    if past.last and last is None:
        logger.warning("clusters begin anew: the night before had them in groups")
    parts = _cluster(given, last, config)
    found = Found(parts=[_found(parts, config)], assignments=parts.described.tables["assignments"])
    is_full = parts.plan.fit.kind == "full"
    return Clusters(parts.views, parts.described, found, [*parts[:-1]], is_full)


def find_groups(given: Given, config: NightlyConfig) -> Clusters:
    """Cluster within each value of a column, and put the groups together again."""
    tonight, themes, by = given.tonight, given.themes, config.clustering.by or ""
    store, past = tonight.store, tonight.past
    remarks = themes.remarks.window.documents.rows if themes.remarks else 0
    n_documents = themes.window.documents.rows + remarks
    taken: list[str] = []
    groups, found = [], []
    for group in part_in_groups(store, themes, tonight.window, by).groups:
        logger.info("group %s of %s", excerpt(group.name, NAME_CHARS), excerpt(by, NAME_CHARS))
        last = last_of_group(store, past, group)
        of_group = OfGroup(name=group.name, n_documents=n_documents, taken=tuple(taken))
        parts = _cluster(replace(given, themes=group.embedded), last, config, of_group)
        groups.append(OneGroup(group=group, **parts._asdict()))
        found.append(_found(parts, config))
        taken += ids_of(store, parts.described)
    joined = join_groups(store, themes, by, groups, past.last)
    return Clusters(
        joined.views,
        joined.described,
        Found(parts=found, assignments=joined.described.tables["assignments"]),
        [joined.in_groups],
        is_full=all(it.plan.fit.kind == "full" for it in groups),
    )


def _cluster(
    given: Given, last: PastNight | None, config: NightlyConfig, group: OfGroup | None = None
) -> _Parts:
    """Cluster documents together, from the decision about their model to names and ids."""
    store, modality = given.tonight.store, given.modality
    how = recipe(config, given.encoded.encoder.digest, modality)
    what = Planned(given.tonight, given.encoded, given.themes, last)
    plan = modality.plan(what, how)
    views = modality.views(what, plan)
    if last and plan.carries_over:
        refined, evaluation = _carried_over(store, views, last, plan, config)
    else:
        refined, evaluation = _clustered(store, views, last, plan, config)
    described = describe(store, views, refined, evaluation, last, config.identity, group)
    return _Parts(plan, views, refined, evaluation, described)


def _clustered(
    store: Store, views: Views, last: PastNight | None, plan: Plan, config: NightlyConfig
) -> tuple[Refined, Evaluation]:
    """Learn the latent space and the clusters in it, and compare them with plain k-means."""
    seed, chosen, clustering = config.random_state, plan.numbers, config.clustering.of_a_group()
    pretrained = pretrain(store, views, plan.clustering, clustering, seed, chosen)
    goes_on = plan.clustering is not None
    earlier = chosen if goes_on else None
    refined = refine(store, views, pretrained, goes_on, clustering, earlier)
    kept = last if plan.keeps_clusters else None
    refined = rejoin_pieces(store, views, refined, kept, clustering, config.identity)
    return refined, evaluate(store, views, refined, config.evaluate, seed)


def _carried_over(
    store: Store, views: Views, last: PastNight, plan: Plan, config: NightlyConfig
) -> tuple[Refined, Evaluation]:
    """Keep last night's clusters, and the decision between them and plain k-means."""
    refined = carry_over(store, views, last, config.clustering.of_a_group(), plan.numbers)
    evaluation = evaluate(store, views, refined, NEVER_BASELINE, config.random_state)
    return refined, evaluation.model_copy(update={"published": last.published})


def _found(parts: _Parts, config: NightlyConfig) -> FoundPart:
    """Return what places new texts in the clusters."""
    clustering = config.clustering.of_a_group()
    return found_clusters(parts.views, parts.refined, parts.evaluation, parts.described, clustering)


def recipe(config: NightlyConfig, encoder_digest: str, modality: OfModel) -> Recipe:
    """Return what a model depends on besides its documents."""
    stages = (prepare, *modality.stages, pretrain, refine)
    versions = {stage.name: stage.version or "" for stage in stages}
    return Recipe(
        encoder_digest=encoder_digest,
        prepare=config.prepare,
        lexical_dim=config.embed.lexical_dim,
        clustering=config.clustering.of_a_group(),
        random_state=config.random_state,
        versions=versions | modality.own_settings(config),
    )
