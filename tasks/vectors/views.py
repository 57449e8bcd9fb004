"""Lay out the window's vectors: the embeddings beside the lexical views.

Reads  items (embedding), the window's documents, the lexical model of the last night or none
Writes items (text_digest, embedding, lexical), the lexical model
"""

from typing import TYPE_CHECKING

from models.core.threads import one_thread
from tasks.frame.result import StageResult
from tasks.frame.stage import stage
from tasks.store.embeddings import fixed_lists
from tasks.store.history import NightTable
from tasks.store.storage import (
    ModelRef,
    Ref,
    Store,
    keep_folder,
    keep_table,
    model_folder,
    read_table,
    scratch_folder,
)
from tasks.vectors.embed import Embedded, EmbedSettings, first_appearances
from validation.schemas import LEXICAL

if TYPE_CHECKING:
    from models.text.lexical_views import LexicalViews


class Views(StageResult):
    """The window's distinct texts as vectors, those of earlier nights first.

    The model `lexical` makes the lexical views.
    """

    items: Ref
    embedding_dim: int
    lexical_dims: tuple[int, ...]
    encoder_digest: str
    encoder_weights: str
    n_known: int
    """Texts that were there before tonight."""


@stage("views", version=2)
@one_thread()
def lay_out_views(
    store: Store,
    embedded: Embedded,
    window: list[NightTable],
    lexical: ModelRef | None,
    settings: EmbedSettings,
    random_state: int,
) -> Views:
    """Fit the lexical views on the window, or take those of an earlier night, and lay all out."""
    from models.text.lexical_views import LexicalViews

    groups = first_appearances(store, [night.table for night in window])
    texts = [text for group in groups for text in group.values()]
    if lexical is None:
        views = LexicalViews(settings.lexical_dim, random_state).fit(texts)
        lexical = _keep(store, views)
    else:
        with model_folder(store, lexical) as folder:
            views = LexicalViews.load(folder)
    items = read_table(store, embedded.items)
    items = items.append_column(LEXICAL, fixed_lists(views.transform(texts)))
    return Views(
        items=keep_table(store, "views", items),
        models={"lexical": lexical},
        embedding_dim=embedded.embedding_dim,
        lexical_dims=views.dims,
        encoder_digest=embedded.encoder_digest,
        encoder_weights=embedded.encoder_weights,
        n_known=len(texts) - len(groups[-1]),
    )


def _keep(store: Store, views: "LexicalViews") -> ModelRef:
    with scratch_folder(store) as folder:
        views.save(folder)
        return keep_folder(store, "views", folder)
