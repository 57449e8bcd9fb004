"""What workers do with a shard is what this process does."""

from pathlib import Path

import numpy as np
import pytest

from models.text.lexical.views import LexicalViews
from tasks.frame.mapper import InProcess
from tasks.store.embeddings import EmbeddingShelf
from tasks.store.storage import Store, keep_model
from tasks.vectors import elsewhere
from tasks.vectors.chunks import Chunk, Encoding
from tasks.vectors.elsewhere import encode_there, project_there
from tasks.vectors.embed import encode_chunks
from tasks.vectors.encoder import EmbedSettings, EncoderRef, find_encoder_ref, load_encoder
from tests.models.encoding.tiny_model import write_tiny_model
from validation.errors import SettingError

TEXTS = ["the battery was great", "flight delay", "refund", "the charger was broken"]


class Elsewhere(InProcess):
    is_here = False


@pytest.fixture
def encoder(tmp_path: Path) -> EncoderRef:
    write_tiny_model(tmp_path / "model")
    return find_encoder_ref(str(tmp_path / "model"))


def test_chunks_that_workers_encode_are_saved_as_those_of_this_process(
    store: Store, encoder: EncoderRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []
    monkeypatch.setattr(
        elsewhere, "load_encoder", lambda *given: loaded.append(given) or load_encoder(*given)
    )
    how = Encoding(encoder, EmbedSettings(), "cpu")
    chunks = [
        Chunk({f"{number}{place}": text for place, text in enumerate(TEXTS)}, 4 * number)
        for number in range(2)
    ]
    shelves, told = [], []
    for name, mapper in (("here", InProcess()), ("there", Elsewhere())):
        shelves.append(EmbeddingShelf(store.root, name, encoder.digest))
        encode_chunks(shelves[-1], chunks, how, mapper, lambda _, done, *__: told.append(done))
    here, there = ({it.name: it.read_bytes() for it in shelf.parts()} for shelf in shelves)
    assert here == there
    assert len(there) == 2
    assert told[-3:] == [0, 4, 8]
    assert len(loaded) == 1, "a worker loads the encoder once"


def test_a_worker_without_the_folder_takes_the_encoder_of_that_name(encoder: EncoderRef) -> None:
    gone = encoder.model_copy(update={"folder": "/nowhere"})
    how = Encoding(gone, EmbedSettings(), "cpu")
    vectors = encode_there(how, Chunk(dict(enumerate(TEXTS)), 0))  # type: ignore[arg-type]
    np.testing.assert_array_equal(
        vectors, load_encoder(encoder, EmbedSettings(), "cpu").encode(TEXTS)
    )


def test_another_encoder_of_that_name_is_refused(encoder: EncoderRef) -> None:
    other = encoder.model_copy(update={"files": "of other weights"})
    with pytest.raises(SettingError, match="must be the same on all machines"):
        encode_there(Encoding(other, EmbedSettings(), "cpu"), Chunk({"d": "a"}, 0))


def test_views_of_the_store_project_as_those_that_were_fitted(store: Store) -> None:
    views = LexicalViews(3).fit(TEXTS)
    kept = keep_model(store, "views", views.save)
    assert project_there(store, kept, TEXTS[:2]).tobytes() == views.transform(TEXTS)[:2].tobytes()
