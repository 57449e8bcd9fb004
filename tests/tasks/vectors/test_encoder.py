"""Which kind of vectors a night has: that of the night before, where it can."""

import logging

import pytest

from models.encoding.kinds import REFERENCE, STATIC, Kind
from tasks.store.manifest_parts import EncoderPart
from tasks.vectors import encoder
from tasks.vectors.encoder import (
    EmbedSettings,
    EncoderRef,
    encoder_ref,
    forget_encoder,
    load_encoder,
)
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
    assert kind_after(REFERENCE, dtype="bfloat16") == FAST
    assert kind_after(REFERENCE, files="e" * 64) == FAST


def test_the_digest_of_a_kind_is_that_of_the_files_however_it_was_come_to() -> None:
    found = EncoderRef(name="tiny", digest=FILES, folder="", files=FILES)
    assert found.of_kind(FAST).of_kind(REFERENCE) == found
    assert found.of_kind(FAST).of_kind(STATIC).digest == STATIC.digest(FILES)


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


def test_an_encoder_stays_loaded_until_another_is_asked_for_or_it_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models.encoding.encoder.find_encoder", lambda folder: folder)
    monkeypatch.setattr("models.encoding.text_encoder.TextEncoder", lambda *given: [*given])
    settings = EmbedSettings(batch_size=7)
    ref = EncoderRef(name="tiny", digest="d", folder="f").of_kind(FAST)
    forget_encoder()
    loaded = load_encoder(ref, settings, "cpu")
    assert loaded == ["f", "cpu", 7, FAST]
    assert load_encoder(ref, settings, "cpu") is loaded
    changed = ref.model_copy(update={"digest": "e"})
    for other in (load_encoder(changed, settings, "cpu"), load_encoder(ref, settings, "cpu")):
        assert other is not loaded
    forget_encoder()
    assert load_encoder(ref, settings, "cpu") is not other
    monkeypatch.setattr("models.encoding.static_encoder.StaticEncoder", lambda source: source)
    assert load_encoder(ref.of_kind(STATIC), settings, "cpu") == "f"
    forget_encoder()
