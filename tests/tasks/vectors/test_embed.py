"""Every text is encoded once, in chunks that depend on the texts alone, where it was asked for."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.encoding.encoder import find_encoder
from models.encoding.kinds import REFERENCE, STATIC, Kind, KindRefusedError, has_openvino
from models.encoding.text_encoder import TextEncoder, VectorsNotFiniteError, require_finite
from tasks.frame.mapper import InProcess
from tasks.store.embeddings import EmbeddingShelf, matrix_of
from tasks.store.history import NightTable
from tasks.store.storage import Store, keep_table
from tasks.vectors import chunks as chunks_module
from tasks.vectors import embed as module
from tasks.vectors.chunks import Chunk, Encoding, chunk_texts, cut_into_chunks
from tasks.vectors.embed import embed, encode_chunks
from tasks.vectors.encoder import EmbedSettings, EncoderRef, encoder_ref
from tests.models.encoding.tiny_model import WORDS, write_tiny_model
from tests.models.encoding.tiny_table import write_tiny_table
from validation.tables.stage_schemas import WINDOW_TEXTS

ENCODER = EncoderRef(name="E", digest="d" * 64, weights="w", folder="/models/E", files="d" * 64)


class Fake:
    """An encoder whose vectors tell which texts were encoded together."""

    def __init__(self, broken_after: int = 10_000) -> None:
        self.calls: list[list[str]] = []
        self.broken_after = broken_after

    def encode(
        self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        self.calls.append(list(texts))
        for done in range(2, len(texts) + 1, 2):
            if progress is not None:
                progress(done)
        if len(self.calls) > self.broken_after:
            raise KeyboardInterrupt
        company = float(hash(tuple(texts)) % 1009)
        return np.array([[len(text), company] for text in texts], dtype=np.float32)


@pytest.fixture
def shelf(store: Store) -> EmbeddingShelf:
    return EmbeddingShelf(store.root, ENCODER.name, ENCODER.digest)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks_module, "_CHUNK_TEXTS", 4)


def texts(*numbers: int) -> dict[str, str]:
    return {f"{n:064x}": "x" * (n + 1) for n in numbers}


def night(store: Store, day: int, group: dict[str, str]) -> NightTable:
    table = pa.table(
        {
            "doc_id": [f"document {digest}" for digest in group],
            "text_digest": list(group),
            "title": pa.array([None] * len(group), pa.string()),
            "text": pa.array(list(group.values()), pa.large_string()),
            "label": pa.array([None] * len(group), pa.string()),
        }
    )
    return NightTable(night=date(2026, 3, day), table=keep_table(store, "t", table))


def window_texts(*groups: dict[str, str]) -> pa.Table:
    """The texts of a window whose nights bring one group each."""
    rows = [
        {"text_digest": digest, "text": text, "night": date(2026, 3, day)}
        for day, group in enumerate(groups, start=1)
        for digest, text in group.items()
    ]
    return pa.Table.from_pylist(rows, schema=WINDOW_TEXTS)


def nothing(*_: Any) -> None:
    pass


class Backwards:
    """A mapper that works on the last shard first."""

    is_here = True

    def map(self, function: Callable[[Any], Any], shards: Sequence[Any]) -> Iterator[Any]:
        return iter([function(shard) for shard in reversed(shards)][::-1])


def encode(
    shelf: EmbeddingShelf,
    chunks: list[Chunk],
    encoder: Any,
    mapper: Any = None,
    report: Callable[..., None] = nothing,
) -> None:
    """Encode by an encoder that is there already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "load_encoder", lambda *_: encoder)
        encode_chunks(
            shelf, chunks, Encoding(ENCODER, EmbedSettings()), mapper or InProcess(), report
        )


def encoded(shelf: EmbeddingShelf, group: dict[str, str], encoder: Fake | None = None) -> Fake:
    encoder = encoder or Fake()
    chunks = cut_into_chunks(window_texts(group), shelf.missing(list(group)), 4)
    encode(shelf, chunks, encoder)
    return encoder


def test_a_text_is_encoded_once_however_often_its_night_grows(shelf: EmbeddingShelf) -> None:
    encoded(shelf, texts(*range(6)))
    before = shelf.gather(list(texts(*range(6))))
    grown = encoded(shelf, texts(*range(9)))
    assert grown.calls == [["x" * 9, "x" * 8, "x" * 7]]
    np.testing.assert_array_equal(shelf.gather(list(texts(*range(6)))), before)
    assert encoded(shelf, texts(*range(9))).calls == []


@pytest.mark.parametrize("chunks_done", [0, 1, 2])
def test_a_run_that_was_killed_ends_with_the_same_bits(
    store: Store, shelf: EmbeddingShelf, chunks_done: int
) -> None:
    group = texts(*range(11))
    undisturbed = EmbeddingShelf(store.root, "other", ENCODER.digest)
    encoded(undisturbed, group)
    with pytest.raises(KeyboardInterrupt):
        encoded(shelf, group, Fake(broken_after=chunks_done))
    encoded(shelf, group)
    np.testing.assert_array_equal(shelf.gather(list(group)), undisturbed.gather(list(group)))


def test_vectors_of_an_older_nightfold_are_read_as_they_would_be_made_now(
    shelf: EmbeddingShelf,
) -> None:
    group = texts(0, 1)
    kept = np.array([[0.6, 0.8], [0.1, 0.2]], dtype=np.float32)
    shelf.add(list(group), kept)
    how = Encoding(ENCODER, EmbedSettings())
    items = module.encoded(shelf, window_texts(group), how)["embedding"]
    np.testing.assert_array_equal(matrix_of(items), kept.astype(np.float16))
    np.testing.assert_array_equal(shelf.gather(list(group)), kept)


def test_a_lost_file_comes_back_as_it_was_though_the_night_has_grown(shelf: EmbeddingShelf) -> None:
    encoded(shelf, texts(*range(8)))
    before = shelf.gather(list(texts(*range(8))))
    encoded(shelf, texts(*range(20)))
    held = {part: set(_digests(shelf, part)) for part in shelf.parts()}
    lost = next(part for part, it in held.items() if it <= texts(*range(8)).keys())
    lost.unlink()
    encoded(shelf, texts(*range(20)))
    np.testing.assert_array_equal(shelf.gather(list(texts(*range(8)))), before)


def test_progress_moves_inside_a_chunk(shelf: EmbeddingShelf) -> None:
    told: list[tuple[int, int]] = []
    chunks = cut_into_chunks(window_texts(texts(0, 1, 2, 3), texts(4, 5)), set(texts(*range(6))), 4)
    encode(shelf, chunks, Fake(), report=lambda _, done, total, __: told.append((done, total)))
    assert told == [(0, 6), (2, 6), (4, 6), (4, 6), (6, 6)]


def test_chunks_end_with_their_night_and_leave_out_what_is_known() -> None:
    groups = texts(0, 1, 2, 3, 4), texts(5, 6)
    chunks = cut_into_chunks(window_texts(*groups), set(texts(0, 1, 2, 3, 4, 6)), 4)
    assert [list(chunk.texts) for chunk in chunks] == [
        list(texts(4, 3, 2, 1)),
        list(texts(0)),
        list(texts(6)),
    ]
    assert [chunk.n_before for chunk in chunks] == [0, 4, 5]


def test_chunks_are_larger_where_vectors_are_made_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks_module, "computes_on_cpu", lambda device: device == "cpu")
    monkeypatch.setattr(chunks_module, "_CHUNK_TEXTS_OF_FAST", 6)
    assert chunk_texts(REFERENCE, "cpu") == 4
    assert chunk_texts(REFERENCE, "cuda") == chunk_texts(STATIC, "cpu") == 6


def test_vectors_do_not_depend_on_the_order_in_which_chunks_are_worked_on(
    store: Store, shelf: EmbeddingShelf
) -> None:
    group = texts(*range(11))
    encoded(shelf, group)
    other = EmbeddingShelf(store.root, "other", ENCODER.digest)
    chunks = cut_into_chunks(window_texts(group), set(group), 4)
    encode(other, chunks, Fake(), Backwards())
    np.testing.assert_array_equal(other.gather(list(group)), shelf.gather(list(group)))


def test_the_log_counts_the_texts_of_the_window(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "load_encoder", lambda *_: Fake())
    window = [night(store, 1, texts(0, 1, 2))]
    embed.fn(store, window, ENCODER, EmbedSettings())
    window.append(night(store, 2, texts(2, 3)))
    with caplog.at_level(logging.INFO, logger="tasks.vectors.embed"):
        embed.fn(store, window, ENCODER, EmbedSettings())
    assert "1 texts to encode, 3 are known" in caplog.text


def test_the_encoder_goes_where_the_estimator_goes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[Any, ...]] = []

    def load(*words: Any) -> Fake:
        given.append(words)
        return Fake()

    monkeypatch.setattr("models.encoding.text_encoder.TextEncoder", load)
    monkeypatch.setattr("models.encoding.encoder.find_encoder", lambda folder: folder)
    monkeypatch.setattr(chunks_module, "computes_on_cpu", lambda device: device == "cpu")
    embed.fn(store, [night(store, 1, texts(1))], ENCODER, EmbedSettings(batch_size=7), "cuda:1")
    assert given == [("/models/E", "cuda:1", 7, REFERENCE)]


def test_vectors_of_a_kind_that_is_refused_are_made_by_the_reference_aloud(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def load(encoder: EncoderRef, *_: Any) -> Fake:
        if encoder.kind != REFERENCE:
            raise KindRefusedError("a cosine of 0.5")
        return Fake()

    monkeypatch.setattr(module, "load_encoder", load)
    wanted = ENCODER.of_kind(Kind("openvino", "bfloat16"))
    window = [night(store, 1, texts(1, 2))]
    found = embed.fn(store, window, wanted, EmbedSettings())
    assert found.kind == REFERENCE
    assert found.encoder_digest == ENCODER.digest
    for instead in ("openvino float32", "torch bfloat16", "torch float32"):
        assert f"a cosine of 0.5; the texts are embedded by {instead} instead" in caplog.text
    assert [it.name for it in (store.root / "embeddings").iterdir()] == [
        f"encoder=E-{ENCODER.digest[:12]}"
    ]
    with pytest.raises(KindRefusedError, match=r"0\.5"):
        embed.fn(store, window, wanted, EmbedSettings(backend="openvino"))


def test_kinds_of_vectors_never_share_a_shelf(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = [night(store, 1, texts(1, 2))]
    for number, kind in enumerate((REFERENCE, Kind("openvino", "float32"))):
        monkeypatch.setattr(module, "load_encoder", lambda *_: Fake())
        found = embed.fn(store, window, ENCODER.of_kind(kind), EmbedSettings())
        assert found.kind == kind
        assert len(list((store.root / "embeddings").iterdir())) == number + 1


def test_a_static_encoder_makes_its_own_kind_of_vectors(store: Store, tmp_path: Path) -> None:
    folder = write_tiny_table(tmp_path / "table")
    encoder = encoder_ref(str(folder), EmbedSettings(), "cpu")
    assert encoder.kind == STATIC
    found = embed.fn(
        store, [night(store, 1, dict.fromkeys("ab", "the delay"))], encoder, EmbedSettings()
    )
    assert (found.kind, found.embedding_dim) == (STATIC, 24)
    assert found.encoder_languages == ("en",)


@pytest.mark.parametrize("kind", [REFERENCE, Kind("openvino", "float32")], ids=str)
def test_a_run_that_was_killed_inside_a_chunk_ends_with_the_same_bytes(
    store: Store, tmp_path: Path, kind: Kind
) -> None:
    """With a real encoder, loaded anew after the kill, and batches of a few tokens."""
    if kind.backend == "openvino" and not has_openvino():
        pytest.skip("needs the extra `fast`")
    write_tiny_model(tmp_path / "model")
    source = find_encoder(str(tmp_path / "model"))
    said = [" ".join(WORDS[i % 7 :]) + f" {i}" * (i % 3) for i in range(11)]
    group = {f"{i:064x}": text for i, text in enumerate(said)}
    ended = []
    for killed_at in (1000, 6):
        shelf = EmbeddingShelf(store.root, f"until-{killed_at}", ENCODER.digest)
        for at in (killed_at, 1000):
            encoder = TextEncoder(source, "cpu", batch_size=3, kind=kind)
            chunks = cut_into_chunks(window_texts(group), shelf.missing(list(group)), 4)
            with suppress(KeyboardInterrupt):
                encode(shelf, chunks, encoder, report=partial(kill, at))
        ended.append({part.name: part.read_bytes() for part in shelf.parts()})
    assert ended[0] == ended[1]
    assert len(ended[0]) == 3


def kill(at: int, _: str, done: int, *__: Any) -> None:
    if done >= at:
        raise KeyboardInterrupt


def test_nothing_of_an_encoder_with_damaged_weights_is_saved(
    store: Store, shelf: EmbeddingShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Damaged(Fake):
        def encode(self, texts: Sequence[str], **_: Any) -> np.ndarray:
            vectors = np.full((len(texts), 2), np.nan, dtype=np.float32)
            require_finite(vectors, ENCODER.folder)  # type: ignore[arg-type]
            return vectors

    monkeypatch.setattr(module, "load_encoder", lambda *_: Damaged())
    with pytest.raises(VectorsNotFiniteError, match="encoder in /models/E must be finite"):
        embed.fn(store, [night(store, 1, texts(1))], ENCODER, EmbedSettings())
    assert shelf.parts() == []


def _digests(shelf: EmbeddingShelf, part: Any) -> list[str]:
    from tasks.store.embeddings import read_part

    return list(read_part(part)["text_digest"].to_pylist())
