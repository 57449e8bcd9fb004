from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.reporting.whole_window import read_all_embeddings, read_whole_window
from tasks.store.embeddings import fixed_lists
from tasks.store.storage import Store, keep_table
from tasks.vectors.items import Remarks, Window, keep_window
from tasks.vectors.views import Views
from validation.tables.stage_schemas import WINDOW_DOCUMENTS, WINDOW_TEXTS

NIGHT = date(2026, 3, 1)


def part(texts: list[str], doc_ids: list[str], places: list[int]) -> Window:
    n = len(doc_ids)
    columns = {"text_digest": texts, "text": texts, "night": [NIGHT] * len(texts)}
    documents = {"doc_id": doc_ids, "position": places, "night": [NIGHT] * n, "label": [None] * n}
    return Window(
        pa.table(columns, schema=WINDOW_TEXTS), pa.table(documents, schema=WINDOW_DOCUMENTS)
    )


def test_remarks_stand_behind_what_is_clustered(tmp_path: Path) -> None:
    store = Store(root=tmp_path, feed="f", night=NIGHT)
    items = [
        keep_table(store, "t", pa.table({"embedding": fixed_lists(np.array(it, np.float32))}))
        for it in ([[1, 0], [0, 1]], [[0.6, 0.8]])
    ]
    clustered = part(["a", "b"], ["d1", "d2", "d3"], [0, 1, 0])
    remarks = part(["ok"], ["d4", "d5"], [0, 0])
    views = Views.model_construct(
        items=items[0],
        window=keep_window(store, clustered),
        remarks=Remarks(window=keep_window(store, remarks), items=items[1]),
    )
    whole = read_whole_window(store, views)
    assert whole.texts["text"].to_pylist() == ["a", "b", "ok"]
    assert whole.documents["doc_id"].to_pylist() == ["d1", "d2", "d3", "d4", "d5"]
    assert whole.documents["position"].to_pylist() == [0, 1, 0, 2, 2]
    assert read_all_embeddings(store, views)[2].tolist() == [np.float32(0.6), np.float32(0.8)]
    alone = views.model_copy(update={"remarks": None})
    assert read_whole_window(store, alone) == clustered
