"""Pictures of documents are data URLs that a page holds; nights of texts have none."""

import base64
import io
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from tasks.reporting.beside import pictures
from tasks.reporting.beside.pictures import exemplars_of, read_pictures, read_typical
from tasks.store.storage import Store, keep_table
from validation.tables.schemas import CONTENTS


def png(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (48, 24), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two nights, of which each has read a document; return the store and the last manifest."""
    store = Store(root=tmp_path, feed="f", night=date(2026, 3, 2))
    manifests = {}
    for day, doc_id, colour in ((1, "a", "red"), (2, "b", "blue")):
        documents = pa.table({"doc_id": [doc_id], "text_digest": [colour]})
        content = {"text_digest": [colour], "media_type": ["image/png"], "content": [png(colour)]}
        tables = {
            "documents": keep_table(store, "made", documents),
            "contents": keep_table(store, "made", pa.table(content, schema=CONTENTS)),
        }
        manifests[date(2026, 3, day)] = SimpleNamespace(tables=tables, has_texts=False)
    monkeypatch.setattr(Store, "published_nights", lambda _: list(manifests))
    monkeypatch.setattr(Store, "read_manifest", lambda _, night: manifests[night])
    return store, manifests[store.night]


def opened(url: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


def test_documents_of_all_nights_have_theirs(nights: Any) -> None:
    found = read_pictures(*nights, ["b", "a", "c"])
    assert found.keys() == {"a", "b"}
    assert found["a"].startswith("data:image/png;base64,")
    assert opened(found["a"]).getpixel((0, 0)) == (255, 0, 0)


def test_small_ones_are_small(nights: Any) -> None:
    found = read_pictures(*nights, ["a"], is_small=True)
    assert found["a"].startswith("data:image/webp;base64,")
    assert max(opened(found["a"]).size) == pictures._SMALL_SIDE


def test_an_image_that_is_kept_large_is_shown_smaller() -> None:
    file = io.BytesIO()
    Image.new("RGB", (224, 112), "red").save(file, "PNG")
    assert opened(pictures._whole(file.getvalue())).size == (128, 64)


def test_texts_have_none(nights: Any) -> None:
    assert read_pictures(nights[0], SimpleNamespace(has_texts=True), ["a"]) == {}  # type: ignore[arg-type]


def test_ids_of_exemplars() -> None:
    assert exemplars_of([{"exemplar_doc_ids": ["a", "b"]}, {"exemplar_doc_ids": None}, {}]) == [
        "a",
        "b",
    ]


def npy(level: float) -> bytes:
    file = io.BytesIO()
    series = np.stack([np.full(20, level), np.full(20, -level)], axis=1)
    np.lib.format.write_array(file, series.astype(np.float32), allow_pickle=False)
    return file.getvalue()


def test_clusters_of_series_have_their_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, ids = Store(root=tmp_path, feed="f", night=date(2026, 3, 2)), ["a", "b", "c"]
    kinds, contents = ["application/x-npy"] * 3, [npy(1), npy(3), npy(2)]
    kept = {"text_digest": ids, "media_type": kinds, "content": contents}
    tables = {
        "documents": keep_table(store, "made", pa.table({"doc_id": ids, "text_digest": ids})),
        "contents": keep_table(store, "made", pa.table(kept, schema=CONTENTS)),
        "assignments": keep_table(
            store, "made", pa.table({"doc_id": ids, "cluster_id": ["x", "x", "y"]})
        ),
    }
    manifest: Any = SimpleNamespace(tables=tables, has_texts=False)
    monkeypatch.setattr(Store, "published_nights", lambda it: [it.night])
    monkeypatch.setattr(Store, "read_manifest", lambda *_: manifest)
    found = read_typical(store, manifest)
    assert found.keys() == {"x", "y"}
    assert opened(found["x"]).tobytes() == opened(pictures._mean([npy(1), npy(3)])).tobytes()
    assert opened(found["y"]).tobytes() == opened(pictures._mean([npy(2)])).tobytes()


def test_texts_and_images_have_no_mean(nights: Any) -> None:
    assert read_typical(nights[0], SimpleNamespace(has_texts=True)) == {}  # type: ignore[arg-type]
    assert read_typical(*nights) == {}
