"""Hold a rule that is about to be written to the last published night: typing errors end here."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from tasks.curating.file import CurationError
from tasks.curating.rules import Curation
from tasks.store.manifests import Manifest
from tasks.store.storage import Store, read_table, require_file
from validation.tables.columns import CLUSTER_ID, DOC_ID, NAME, SIZE

_SHOWN = 3


class LastNight(NamedTuple):
    """What the last night published, as far as rules speak of it."""

    manifest: Manifest
    clusters: Mapping[str, Mapping[str, Any]]
    """cluster_id → its row."""

    def called(self, cluster: str) -> str:
        """Return what people know of a cluster."""
        row = self.clusters.get(cluster)
        if row is None:
            return f"{cluster} is not in night {self.manifest.night}"
        return f"{cluster} is “{row[NAME]}”, {row[SIZE]:,} documents on {self.manifest.night}"


def read_last_night(store: Store) -> LastNight:
    """Read the clusters of a published night; see `require_file` for errors."""
    manifest = store.read_manifest()
    ref = manifest.tables["clusters"]
    require_file(store, ref)
    rows = read_table(store, ref, [CLUSTER_ID, NAME, SIZE]).to_pylist()
    return LastNight(manifest, {row[CLUSTER_ID]: row for row in rows})


def require_known(clusters: Sequence[str], last: LastNight, rules: Curation) -> None:
    """Fail on a cluster that neither the last night nor a rule knows.

    Raises
    ------
    CurationError
        Naming those with the ids that are most like it.
    """
    known = {
        *last.clusters,
        *(last.manifest.cluster_ids or {}).values(),
        *(it for group in last.manifest.groups for it in group.cluster_ids.values()),
        *(split.part for split in rules.split),
        *(cluster for merge in rules.merge for cluster in (*merge.clusters, merge.into)),
    }
    for cluster in clusters:
        if cluster not in known:
            raise CurationError(
                f"night {last.manifest.night} has no cluster {cluster!r};{_near(cluster, last)}"
                " `nightfold clusters` shows all"
            )


def require_inside(store: Store, last: LastNight, doc_id: str, cluster: str) -> None:
    """Fail where a document is not in the cluster that it is to be put out of.

    Raises
    ------
    CurationError
        Naming the cluster that it is in, if it is in one.
    """
    ref = last.manifest.tables["assignments"]
    require_file(store, ref)
    columns = (
        column.to_pylist() for column in read_table(store, ref, [DOC_ID, CLUSTER_ID]).columns
    )
    found = dict(zip(*columns, strict=True)).get(doc_id)
    if found is None:
        raise CurationError(f"night {last.manifest.night} has no document {doc_id!r} in its window")
    if found != cluster:
        raise CurationError(f"document {doc_id!r} is in {found}, not in {cluster}")


def _near(cluster: str, last: LastNight) -> str:
    """Name the clusters whose id or name is most like what was given."""
    ids: Collection[str] = last.clusters.keys()
    names = {row[NAME]: it for it, row in last.clusters.items()}
    near = [names[cluster]] if cluster in names else get_close_matches(cluster, ids, n=_SHOWN)
    return f" near it are {', '.join(near)};" if near else ""
