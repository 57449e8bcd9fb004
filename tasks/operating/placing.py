"""Place texts in the clusters of a published night, by its models alone.

Reads  a night's manifest, models and clusters
Writes nothing but scratch
"""

import logging
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from models.core.arrays import Floats, top_two
from models.core.threads import one_thread
from models.encoding.kinds import Kind, kind_or_reference
from tasks.clusters.placement import NightModels, Placer, load_placer
from tasks.curating.apply import curated_clusters
from tasks.groups.settings import NightClustering
from tasks.store.manifest_parts import GroupPart
from tasks.store.manifests import Manifest
from tasks.store.storage import ModelRef, Store, lay_out, read_table, require_file
from tasks.vectors.encoder import EmbedSettings, find_encoder_ref, load_encoder
from validation.errors import NightfoldError
from validation.tables.columns import CLUSTER_ID

logger = logging.getLogger(__name__)

M = TypeVar("M")

Placement = tuple[str, float, float]
"""Cluster_id, confidence, margin."""


class CannotAssignError(NightfoldError, ValueError):
    """A night whose models cannot place texts; the message says why and what to do."""


def place_texts(
    store: Store, manifest: Manifest, texts: Sequence[str], group: str | None = None
) -> list[Placement]:
    """Place texts by the night's models alone, known ones too; see `place`."""
    return place(store, manifest, partial(encoded_as_then, manifest, texts), texts, group)


@one_thread()
def place(
    store: Store,
    manifest: Manifest,
    encode: Callable[[], Floats],
    texts: Sequence[str],
    group: str | None = None,
) -> list[Placement]:
    """Place documents by the night's models alone, known ones too.

    Parameters
    ----------
    store, manifest
        The night.
    encode
        Computes their vectors, unit rows, shape (n_documents, embedding_dim).
    texts
        Of the documents; of images and series what was measured, in words.
    group
        Name of their group, of a night that was clustered by a column.

    Raises
    ------
    CannotAssignError
        If the encoder is not that of the night, or the manifest does not say what labels mean.
    """
    embedding = encode()
    placer = placer_of(store, manifest, group)
    q = placer.memberships(placer.lay_out(embedding, texts))
    confidence, margin = top_two(q)
    found = [placer.cluster_ids[column] for column in q.argmax(axis=1)]
    winners = curated_clusters(manifest.curation, found, texts)
    return list(zip(winners, confidence.tolist(), margin.tolist(), strict=True))


def placer_of(store: Store, manifest: Manifest, group: str | None = None) -> Placer:
    """Load what places texts as a night has published them, or a group of it.

    Raises
    ------
    CannotAssignError
        If the manifest does not say what labels mean.
    """
    clusters = read_published(store, manifest, "clusters", [CLUSTER_ID])
    there = frozenset(clusters[CLUSTER_ID].to_pylist()) | manifest.curation.get("merged", {}).keys()
    return load_placer(partial(load_aside, store), _models(manifest, group), there)


def encoded_as_then(manifest: Manifest, texts: Sequence[str]) -> Floats:
    """Embed texts as the night did; where this machine cannot, near enough to place them.

    Raises
    ------
    CannotAssignError
        If the encoder is not that of the night, or the night has no texts.
    """
    if not manifest.has_texts:
        raise CannotAssignError(
            f"night {manifest.night} holds no texts, so texts are not compared with it by meaning;"
            " documents of its kind are placed by a run"
        )
    config = manifest.config
    settings, device = EmbedSettings(**config["embed"]), config["clustering"]["device"]
    kind = Kind(manifest.encoder.backend, manifest.encoder.dtype)
    encoder = find_encoder_ref(config["encoder"]).of_kind(kind)
    if encoder.digest != manifest.encoder.digest:
        raise CannotAssignError(
            f"encoder {config['encoder']!r} must be the one of night {manifest.night}, with the"
            f" digest {manifest.encoder.digest[:12]}, got {encoder.digest[:12]}; run that"
            " night again with the encoder that is installed now"
        )
    able = kind_or_reference(kind, device)
    if able != kind:
        logger.warning("vectors by %s, as the night's are by %s, which is not here", able, kind)
    return load_encoder(encoder.of_kind(able), settings, device).encode(texts)


def _models(manifest: Manifest, group: str | None) -> NightModels:
    told = manifest.group_named(group) if group else manifest
    published = told.labels.published
    if told.cluster_ids is None and published != "baseline":
        raise CannotAssignError(
            f"night {manifest.night} was published by a version whose models cannot place texts;"
            " run it again"
        )
    clustering, lexical, identity = (
        manifest.model(f"{name}@{told.slug}" if isinstance(told, GroupPart) else name)
        for name in ("clustering", "lexical", "identity")
    )
    return NightModels(
        clustering=clustering,
        lexical=lexical,
        identity=identity,
        settings=NightClustering(**manifest.config["clustering"]).of_a_group(),
        published=published,
        cluster_ids={int(label): it for label, it in (told.cluster_ids or {}).items()},
        whole_of=told.whole_of,
    )


def load_aside(store: Store, model: ModelRef, load: Callable[[Path], M]) -> M:
    """Load a model away from the store's own scratch, which a run that begins clears."""
    with tempfile.TemporaryDirectory() as folder:
        lay_out(store, model, Path(folder))
        return load(Path(folder))


def read_published(store: Store, manifest: Manifest, name: str, columns: list[str]) -> pa.Table:
    """Read columns of a table that a night has published; see `require_file`."""
    ref = manifest.tables[name]
    require_file(store, ref)
    return read_table(store, ref, columns)
