"""Lay out the window's vectors: the embeddings beside the lexical views.

Reads  items (embedding), the window's texts, the lexical model of the last night or none
Writes items (text_digest, embedding, lexical), the lexical model
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from models.core.threads import one_thread
from models.encoding.kinds import REFERENCE, Backend
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.store.embeddings import fixed_lists
from tasks.store.storage import ModelRef, Ref, Store, keep_model, keep_table, load_model, read_table
from tasks.vectors.embed import Embedded
from tasks.vectors.encoder import EmbedSettings
from tasks.vectors.items import Remarks, WindowRef
from validation.tables.columns import LEXICAL, NIGHT, TEXT

if TYPE_CHECKING:
    from models.text.lexical_views import LexicalViews


class Views(StageResult):
    """The window's distinct texts as vectors, those of earlier nights first.

    The model `lexical` makes the lexical views.
    """

    items: Ref
    window: WindowRef
    embedding_dim: int
    lexical_dims: tuple[int, ...]
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
        """Widths of all views, the embedding first."""
        return (self.embedding_dim, *self.lexical_dims)

    @property
    def are_texts(self) -> bool:
        """Whether the documents are texts; else they have captions of what was measured."""
        return "lexical" in self.models


@stage("views", version=3)
@one_thread()
def lay_out_views(
    store: Store,
    embedded: Embedded,
    lexical: ModelRef | None,
    settings: EmbedSettings,
    random_state: int,
) -> Views:
    """Fit the lexical views on the window, or take those of an earlier night, and lay all out."""
    from models.text.lexical_views import LexicalViews

    found = read_table(store, embedded.window.texts, [TEXT, NIGHT])
    texts = found[TEXT].to_pylist()
    earlier = load_model(store, lexical, LexicalViews.load) if lexical else None
    views = earlier or LexicalViews(settings.lexical_dim, random_state).fit(texts)
    items = beside_embeddings(read_table(store, embedded.items), views, texts)
    return Views(
        items=keep_table(store, "views", items),
        window=embedded.window,
        models={"lexical": lexical or keep_model(store, "views", views.save)},
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


def beside_embeddings(items: pa.Table, views: "LexicalViews", texts: Sequence[str]) -> pa.Table:
    """Add the lexical views of the texts to their embeddings."""
    return items.append_column(LEXICAL, fixed_lists(views.transform(texts)))
