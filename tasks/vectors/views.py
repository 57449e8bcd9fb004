"""Lay out the window's vectors: the embeddings beside the lexical views.

Reads  the window's texts, the lexical model of the last night or none
Writes lexical views of the texts, in their order; the lexical model
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from models.core.threads import one_thread
from models.encoding.kinds import REFERENCE, Backend
from tasks.frame.result import StageResult
from tasks.frame.runner import mapper_for
from tasks.frame.stage import stage
from tasks.store.embeddings import fixed_lists
from tasks.store.storage import (
    ModelRef,
    Ref,
    Store,
    TableWriter,
    keep_model,
    load_model,
    read_table,
)
from tasks.vectors.elsewhere import project_there
from tasks.vectors.embed import Embedded
from tasks.vectors.encoder import EmbedSettings
from tasks.vectors.items import Remarks, WindowRef
from validation.tables.columns import LEXICAL, NIGHT, TEXT

if TYPE_CHECKING:
    from models.text.lexical.views import LexicalViews


_SHARD_CHARS: Final = 4_000_000
"""About four seconds of one core, of long texts: counting their terms takes most of it."""

_SHARD_TEXTS: Final = 1 << 16
"""About five seconds of titles, whose views are 160 MB."""


class Views(StageResult):
    """The window's distinct texts as vectors, those of earlier nights first.

    The model `lexical` makes the lexical views.
    """

    items: Ref
    """Text digests and embeddings."""
    lexical: Ref | None = None
    """The lexical views of the items, in their order; None where they have none."""
    window: WindowRef
    embedding_dim: int
    lexical_dims: tuple[int, ...]
    item_dims: tuple[int, ...] = ()
    """Widths of the views side by side in the vector of an item that is no text."""
    encoder_digest: str
    encoder_weights: str
    encoder_languages: tuple[str, ...] = ()
    backend: Backend = REFERENCE.backend
    """What made the vectors."""
    languages: dict[str, float] = Field(default_factory=dict)
    """ISO 639-1 code → share of the texts."""
    remarks: Remarks | None = None
    """Of the window, set apart from what is clustered."""
    n_known: int
    """Texts that were there before tonight."""

    @property
    def dims(self) -> tuple[int, ...]:
        """Widths of all views, the embedding first; those of an item."""
        return self.item_dims or (self.embedding_dim, *self.lexical_dims)

    @property
    def are_texts(self) -> bool:
        """Whether the documents are texts; else they have captions of what was measured."""
        return "lexical" in self.models


@stage("views", version=7)
@one_thread()
def lay_out_views(
    store: Store,
    embedded: Embedded,
    lexical: ModelRef | None,
    settings: EmbedSettings,
    random_state: int,
) -> Views:
    """Fit the lexical views on the window, or take those of an earlier night, and lay all out."""
    from models.text.lexical.views import LexicalViews

    found = read_table(store, embedded.window.texts, [TEXT, NIGHT])
    texts = found[TEXT].to_pylist()
    earlier = load_model(store, lexical, LexicalViews.load) if lexical else None
    views = earlier or LexicalViews(settings.lexical_dim, random_state).fit(texts)
    kept = lexical or keep_model(store, "views", views.save)
    return Views(
        items=embedded.items,
        lexical=_keep_projected(store, views, kept, texts),
        window=embedded.window,
        models={"lexical": kept},
        embedding_dim=embedded.embedding_dim,
        lexical_dims=views.dims,
        encoder_digest=embedded.encoder_digest,
        encoder_weights=embedded.encoder_weights,
        encoder_languages=embedded.encoder_languages,
        backend=embedded.backend,
        languages=embedded.languages,
        remarks=embedded.remarks,
        n_known=pc.sum(pc.less(found[NIGHT], store.night)).as_py(),
    )


def _keep_projected(
    store: Store, views: "LexicalViews", kept: ModelRef, texts: Sequence[str]
) -> Ref:
    """Project texts into the views, shard by shard: a row depends on its text alone."""
    shards = [texts[it] for it in cut_by_length(texts)]
    mapper = mapper_for(len(shards))
    project = views.transform if mapper.is_here else partial(project_there, store, kept)
    schema = pa.schema({LEXICAL: pa.list_(pa.float32(), sum(views.dims))})
    with TableWriter(store, "views", schema) as writer:
        for rows in mapper.map(project, shards):
            writer.write(pa.table([fixed_lists(rows)], schema=schema))
    return writer.ref


def cut_by_length(texts: Sequence[str]) -> Iterator[slice]:
    """Yield the places of shards, one at least, in order: each of so many characters or texts."""
    first = n_chars = 0
    for place, text in enumerate(texts):
        if n_chars >= _SHARD_CHARS or place - first >= _SHARD_TEXTS:
            yield slice(first, place)
            first, n_chars = place, 0
        n_chars += len(text)
    yield slice(first, len(texts))
