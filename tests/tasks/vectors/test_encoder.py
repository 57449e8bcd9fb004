"""Which kind of vectors a night has: that of the night before, where it can."""

import logging
from types import SimpleNamespace

import pytest

from models.encoding.kinds import REFERENCE, STATIC, Kind
from tasks.store.manifest_parts import EncoderPart
from tasks.vectors import encoder
from tasks.vectors.encoder import EmbedSettings, EncoderRef, encoder_ref, load_encoder
from validation.errors import SettingError

FILES = "f" * 64
FAST = Kind("openvino", "float32")


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that would choose OpenVINO, and has no bfloat16."""
    found = EncoderRef(name="tiny", digest=FILES, folder="", files=FILES)
    monkeypatch.setattr(encoder, "find_encoder_ref", lambda _: found)
    monkeypatch.setattr(encoder, "choose_kind", lambda *_: FAST)
    has = {REFERENCE, FAST}
    monkeypatch.setattr(encoder, "kind_or_reference", lambda it, _: it if it in has else REFERENCE)


def kind_after(last: Kind, files: str = FILES, **settings: str) -> Kind:
    part = EncoderPart(
        name="tiny", digest=last.digest(files), backend=last.backend, dtype=last.dtype
    )
    return encoder_ref("tiny", EmbedSettings(**settings), "cpu", part).kind  # type: ignore[arg-type]


def test_the_first_night_has_what_the_machine_does_best() -> None:
    assert encoder_ref("tiny", EmbedSettings(), "cpu").kind == FAST


def test_vectors_stay_of_one_kind_where_settings_and_machine_allow_it() -> None:
    assert kind_after(REFERENCE) == REFERENCE
    assert kind_after(FAST) == FAST
    assert kind_after(REFERENCE, backend="openvino") == FAST
    assert kind_after(REFERENCE, files="e" * 64) == FAST


def test_a_kind_that_this_machine_lacks_gives_way_aloud(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert kind_after(Kind("openvino", "bfloat16")) == FAST
    assert (
        "last night's vectors are by openvino bfloat16, which this machine does not" in caplog.text
    )


def test_a_static_encoder_has_no_kind_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    found = EncoderRef(name="tiny", digest=FILES, folder="", files=FILES).of_kind(STATIC)
    monkeypatch.setattr(encoder, "find_encoder_ref", lambda _: found)
    assert kind_after(REFERENCE) == kind_after(FAST) == STATIC
    for key, value in (("backend", "torch"), ("dtype", "float32")):
        with pytest.raises(SettingError, match=rf"embed\.{key} must be 'auto' .* got '{value}'"):
            kind_after(REFERENCE, **{key: value})


def test_an_encoder_is_loaded_once_for_texts_and_passages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.encoding.text_encoder.TextEncoder", lambda *_: object())
    monkeypatch.setattr("models.encoding.encoder.find_encoder", lambda _: SimpleNamespace())
    load_encoder.cache_clear()
    found = EncoderRef(name="tiny", digest=FILES, folder="/models/tiny", files=FILES)
    loaded = load_encoder(found, EmbedSettings(), "cpu")
    assert load_encoder(found.model_copy(), EmbedSettings(), "cpu") is loaded
    assert load_encoder(found.of_kind(FAST), EmbedSettings(), "cpu") is not loaded
    changed = EncoderRef(name="tiny", digest="e" * 64, folder="/models/tiny", files="e" * 64)
    again = load_encoder(changed, EmbedSettings(), "cpu")
    assert load_encoder(changed, EmbedSettings(batch_size=7), "cpu") is not again
    load_encoder.cache_clear()
