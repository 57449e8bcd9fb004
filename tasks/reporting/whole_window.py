"""The whole window as it was before short remarks were set apart, in the order of assignments."""

import pyarrow as pa
import pyarrow.compute as pc

from models.core.arrays import Floats
from tasks.store.storage import Store
from tasks.vectors.items import Window, read_window
from tasks.vectors.matrices import read_stacked
from tasks.vectors.views import Views
from validation.tables.columns import EMBEDDING, POSITION


def read_whole_window(store: Store, views: Views) -> Window:
    """Read the texts and documents that are clustered, and the remarks behind them."""
    clustered = read_window(store, views.window)
    if views.remarks is None:
        return clustered
    remarks = read_window(store, views.remarks.window)
    place = remarks.documents.column_names.index(POSITION)
    behind = pc.add(remarks.documents[POSITION], len(clustered.texts))
    documents = remarks.documents.set_column(
        place, remarks.documents.schema.field(POSITION), behind
    )
    return Window(
        pa.concat_tables([clustered.texts, remarks.texts]),
        pa.concat_tables([clustered.documents, documents]),
    )


def read_all_embeddings(store: Store, views: Views) -> Floats:
    """Read the embeddings of the texts of `read_whole_window`, in their order."""
    items = [views.items, *([views.remarks.items] if views.remarks else [])]
    return read_stacked(store, items, EMBEDDING)
