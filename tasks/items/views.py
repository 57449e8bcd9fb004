"""The window's vectors as the estimator takes them, where there are no lexical views beside them.

Reads  items (embedding), the window's items
Writes nothing
"""

import pyarrow.compute as pc

from tasks.store.storage import Store, read_table
from tasks.vectors.embed import Embedded
from tasks.vectors.views import Views
from validation.tables.columns import NIGHT


def views_of(store: Store, embedded: Embedded) -> Views:
    """Return the vectors alone; what was measured in words is for names and search."""
    nights = read_table(store, embedded.window.texts, [NIGHT])[NIGHT]
    return Views(
        items=embedded.items,
        window=embedded.window,
        embedding_dim=embedded.embedding_dim,
        lexical_dims=(),
        item_dims=embedded.item_dims,
        encoder_digest=embedded.encoder_digest,
        encoder_weights=embedded.encoder_weights,
        n_known=pc.sum(pc.less(nights, store.night)).as_py(),
    )
