"""Pictures of documents are data URLs that a page holds; nights of texts have none."""

import base64
import io
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from tasks.reporting.beside import pictures
from tasks.reporting.beside.pictures import exemplars_of, read_pictures
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


def test_texts_have_none(nights: Any) -> None:
    assert read_pictures(nights[0], SimpleNamespace(has_texts=True), ["a"]) == {}  # type: ignore[arg-type]


def test_ids_of_exemplars() -> None:
    assert exemplars_of([{"exemplar_doc_ids": ["a", "b"]}, {"exemplar_doc_ids": None}, {}]) == [
        "a",
        "b",
    ]
