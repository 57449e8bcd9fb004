"""Put the groups together again: one window, one table of clusters, one part of the manifest.

Reads  every group's window, vectors, tables and decisions; the remarks of the window
Writes items, texts and documents of the window, where a text that two groups have stands twice;
       assignments, clusters, cluster_tree, cluster_events, metrics and drift of all groups
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from models.core.threads import one_thread
from tasks.clusters.plan_fit import Plan
from tasks.clusters.refine import Refined
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.groups.part import GroupTonight
from tasks.groups.said import labels_of_all
from tasks.groups.values import OTHERS, SMALLEST
from tasks.reporting.describe import Described
from tasks.reporting.evaluate import Evaluation
from tasks.reporting.remarks import (
    RemarksTonight,
    count_themes,
    read_remarks,
    remarks_assignments,
    remarks_row,
)
from tasks.reporting.topics import tree_leaf
from tasks.store.history import PastNight
from tasks.store.storage import Ref, Store, keep_table, read_table
from tasks.vectors.embed import Embedded
from tasks.vectors.items import Window, WindowRef, read_window
from tasks.vectors.views import Views
from validation.tables.cluster_schemas import CLUSTER_TREE, CLUSTERS
from validation.tables.columns import (
    CLUSTER_ID,
    DOC_ID,
    EMBEDDING,
    GROUP,
    NODE_ID,
    POSITION,
    SIZE,
    TEXT_DIGEST,
)

_CONCATENATED = ("assignments", "clusters", "cluster_tree", "cluster_events")


class OneGroup(BaseModel):
    """A group with its clusters."""

    model_config = ConfigDict(frozen=True)

    group: GroupTonight
    plan: Plan
    views: Views
    refined: Refined
    evaluation: Evaluation
    described: Described

    def facts(self) -> dict[str, Any]:
        """Return what the manifest tells of the group; see `tasks.store.manifests.GroupPart`."""
        stages = (self.plan, self.refined, self.evaluation, self.described)
        told = {key: it for stage in stages for key, it in stage.facts().items()}
        told.pop("languages")
        return {
            "slug": self.group.slug,
            "name": self.group.name,
            "values": self.group.values,
            "kept_together": SMALLEST if self.group.name == OTHERS else 0,
            "texts": self.views.window.texts.rows,
            **told,
            # Keys as they are in the manifest, whether the result comes from the cache or not.
            "cluster_ids": {str(label): it for label, it in told["cluster_ids"].items()},
        }

    def models(self) -> dict[str, Any]:
        """Return the models of the group, by their names among those of the night."""
        own = self.views.models | self.refined.models
        return {f"{name}@{self.group.slug}": model for name, model in own.items()}


class InGroups(StageResult):
    """What the groups have besides their clusters; each model has the slug of its group."""

    by: str
    languages: dict[str, float]
    groups: list[dict[str, Any]]

    def facts(self) -> dict[str, Any]:
        """Return what is told of each group, and in sum: a night in groups has no one model."""
        return {
            "fit": None,
            "numbers": None,
            "labels": labels_of_all(self.by, [it["labels"] for it in self.groups]),
            "languages": self.languages,
            "groups": self.groups,
        }


class Joined(BaseModel):
    """The night as if its documents had been clustered together."""

    model_config = ConfigDict(frozen=True)

    views: Views
    described: Described
    in_groups: InGroups


@stage("join groups", version=1)
@one_thread()
def join_groups(
    store: Store, themes: Embedded, by: str, groups: list[OneGroup], last: PastNight | None
) -> Joined:
    """Join the groups, and describe the remarks of all of them together.

    Parameters
    ----------
    store, themes
        The window without its remarks, and these beside it.
    by
        The column that it is grouped by.
    groups
        In order, with their clusters.
    last
        The night before, whose remarks are known.
    """
    window = joined_window(
        read_window(store, themes.window).documents,
        [read_window(store, it.views.window) for it in groups],
    )
    vectors = [read_table(store, it.views.items, [TEXT_DIGEST, EMBEDDING]) for it in groups]
    tables = {
        name: pa.concat_tables([read_table(store, it.described.tables[name]) for it in groups])
        for name in _CONCATENATED
    }
    remarks = read_remarks(store, themes.remarks, last)
    tables = with_remarks(tables, window.documents, remarks, str(store.night), themes.languages)
    views = _views(store, themes, groups, window, pa.concat_tables(vectors))
    return Joined(
        views=views,
        described=Described(
            tables={name: keep_table(store, "join-groups", it) for name, it in tables.items()},
            models={f"identity@{it.group.slug}": it.described.models["identity"] for it in groups},
            n_clusters=count_themes(tables["clusters"][CLUSTER_ID].to_pylist()),
            cluster_ids={},
        ),
        in_groups=_in_groups(store, by, groups, themes.languages),
    )


def ids_of(store: Store, described: Described) -> list[str]:
    """Read the ids of a group's clusters and topics: no other group may give these."""
    tree = read_table(store, described.tables["cluster_tree"], [NODE_ID])
    found: list[str] = tree[NODE_ID].to_pylist()
    return found


def joined_window(documents: pa.Table, groups: Sequence[Window]) -> Window:
    """Put the texts of the groups one behind the other, and the documents back in their order.

    Parameters
    ----------
    documents
        Of the whole window, in order.
    groups
        Their texts and documents.
    """
    moved, first = [], 0
    for group in groups:
        place = group.documents.column_names.index(POSITION)
        behind = pc.add(group.documents[POSITION], first)
        field = group.documents.schema.field(POSITION)
        moved.append(group.documents.set_column(place, field, behind))
        first += len(group.texts)
    texts = pa.concat_tables([group.texts for group in groups])
    return Window(texts, in_order_of(documents, pa.concat_tables(moved)))


def in_order_of(documents: pa.Table, table: pa.Table) -> pa.Table:
    """Return the rows of a table with a row a document, in the order of the documents."""
    return table.take(pc.index_in(documents[DOC_ID], table[DOC_ID].combine_chunks()))


def with_remarks(
    tables: Mapping[str, pa.Table],
    documents: pa.Table,
    remarks: RemarksTonight | None,
    night: str,
    languages: Iterable[str],
) -> dict[str, pa.Table]:
    """Bring the tables of all groups into the order of a night's, and add the remarks.

    Parameters
    ----------
    tables
        Assignments, clusters, tree and events, group by group.
    documents
        Of the window, in order.
    remarks
        Of the window, if there are any.
    night, languages
        Tonight, and what the window's texts are in.
    """
    assigned = in_order_of(documents, tables["assignments"])
    rows, tree = tables["clusters"].to_pylist(), tables["cluster_tree"]
    if remarks:
        assigned = pa.concat_tables([assigned, remarks_assignments(remarks)])
        rows.append(remarks_row(remarks, night, len(assigned), list(languages)))
        leaf = pa.Table.from_pylist([tree_leaf(rows[-1])], schema=CLUSTER_TREE)
        tree = pa.concat_tables([tree, leaf])
    rows.sort(key=lambda row: (-row[SIZE], row[CLUSTER_ID]))
    clusters = pa.Table.from_pylist(rows, schema=CLUSTERS)
    return {**tables, "assignments": assigned, "clusters": clusters, "cluster_tree": tree}


def _views(
    store: Store, themes: Embedded, groups: Sequence[OneGroup], window: Window, items: pa.Table
) -> Views:
    """Lay out the whole window; its lexical views are those of the groups, and differ."""
    texts, documents = (keep_table(store, "join-groups", table) for table in window)
    return Views(
        items=keep_table(store, "join-groups", items),
        window=WindowRef(texts=texts, documents=documents),
        embedding_dim=themes.embedding_dim,
        lexical_dims=(),
        encoder_digest=themes.encoder_digest,
        encoder_weights=themes.encoder_weights,
        encoder_languages=themes.encoder_languages,
        backend=themes.backend,
        languages=themes.languages,
        remarks=themes.remarks,
        n_known=sum(it.views.n_known for it in groups),
    )


def _in_groups(
    store: Store, by: str, groups: Sequence[OneGroup], languages: dict[str, float]
) -> InGroups:
    metrics = _of_groups(store, groups, [it.evaluation.tables["metrics"] for it in groups])
    drift = _of_groups(store, groups, [it.plan.tables["drift"] for it in groups])
    return InGroups(
        tables={"metrics": metrics, "drift": drift},
        models={name: model for it in groups for name, model in it.models().items()},
        by=by,
        languages=languages,
        groups=[it.facts() for it in groups],
    )


def _of_groups(store: Store, groups: Sequence[OneGroup], refs: Sequence[Ref]) -> Ref:
    """Keep the rows of a table of every group, each with the name of the group."""
    tables = []
    for group, ref in zip(groups, refs, strict=True):
        table = read_table(store, ref)
        place, names = table.column_names.index(GROUP), [group.group.name] * len(table)
        column = pa.array(names, pa.string())
        tables.append(table.set_column(place, table.schema.field(GROUP), column))
    return keep_table(store, "join-groups", pa.concat_tables(tables))
