"""The encoder of a night: which one, how it is found, how it is loaded."""

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.encoding.kinds import (
    REFERENCE,
    STATIC,
    Backend,
    Dtype,
    Kind,
    choose_kind,
    kind_or_reference,
)
from tasks.store.manifest_parts import EncoderPart
from validation.errors import SettingError

if TYPE_CHECKING:
    from models.encoding.text_encoder import Encoder

logger = logging.getLogger(__name__)


class EncoderRef(BaseModel):
    """The encoder in use: its name for people, its digest for the cache, its folder for tonight."""

    model_config = ConfigDict(frozen=True)

    name: str
    digest: str
    """Of its files and of how its vectors are computed: what decides them."""
    weights: str = ""
    """SHA-256 of the weights alone: what trust is measured for."""
    backend: Backend = REFERENCE.backend
    dtype: Dtype = REFERENCE.dtype
    folder: str = Field(exclude=True)
    languages: tuple[str, ...] = Field((), exclude=True)
    """Those that it has learnt, as its card says; they change no vector."""
    files: str = Field("", exclude=True)
    """Digest of its files alone."""

    @property
    def kind(self) -> Kind:
        """How its vectors are computed."""
        return Kind(self.backend, self.dtype)

    def of_kind(self, kind: Kind) -> "EncoderRef":
        """Return the same encoder with vectors that are computed in another way."""
        if kind == self.kind:
            return self
        changed = {
            "digest": kind.digest(self.files),
            "backend": kind.backend,
            "dtype": kind.dtype,
        }
        return self.model_copy(update=changed)


class EmbedSettings(BaseModel):
    """What costs speed and memory in the encoder, and how wide the lexical views are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["auto", "openvino", "torch"] = Field(
        "auto",
        description="What computes the vectors of texts; auto is what it was last night, and at"
        " first openvino where it is installed and the processor has AVX2, else torch.",
    )
    dtype: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="Numbers that they are computed in; auto is what it was last night, and at"
        " first bfloat16 where the processor or the accelerator multiplies in it. Set it where"
        " nights run on machines that differ.",
    )
    batch_size: int = Field(
        1024, ge=1, description="Texts per forward pass, at most; fewer where they are long."
    )
    lexical_dim: int = Field(300, ge=1, description="Width of each TF-IDF view after LSA.")


def encoder_ref(
    name: str, settings: EmbedSettings, device: str, last: EncoderPart | None = None
) -> EncoderRef:
    """Find the encoder, how its vectors are computed, and the digest of what decides them.

    What is "auto" stays as it was last night where this machine can: vectors of another kind would
    be another encoder's, every text would be embedded anew and every cluster found anew.

    Raises
    ------
    SettingError
        If it is not there, its weights are not what they should be, or this machine cannot compute
        as it is asked to.
    """
    found = find_encoder_ref(name)
    if found.kind == STATIC:
        _require_auto(settings, name)
        return found
    if last is not None:
        as_before = found.of_kind(Kind(last.backend, last.dtype))
        if as_before.digest == last.digest and _may_stay(as_before.kind, settings, device):
            return as_before
    return found.of_kind(choose_kind(settings.backend, settings.dtype, device))


def _may_stay(kind: Kind, settings: EmbedSettings, device: str) -> bool:
    """Return whether the settings allow a kind of vectors, and this machine has it."""
    wanted = ((settings.backend, kind.backend), (settings.dtype, kind.dtype))
    is_allowed = all(setting in ("auto", used) for setting, used in wanted)
    if not is_allowed or kind_or_reference(kind, device) == kind:
        return is_allowed
    logger.warning(
        "last night's vectors are by %s, which this machine does not have: all texts of the window"
        " are embedded anew, and the clusters are found anew; where nights run on machines that"
        " differ, set backend and dtype under [embed]",
        kind,
    )
    return False


def _require_auto(settings: EmbedSettings, name: str) -> None:
    """Fail where the settings ask for what a static encoder does not have."""
    for key, value in (("backend", settings.backend), ("dtype", settings.dtype)):
        if value != "auto":
            raise SettingError(
                f"embed.{key} must be 'auto' where the encoder is a static one, as {name!r} is,"
                f" got {value!r}"
            )


def find_encoder_ref(name: str) -> EncoderRef:
    """Find the encoder, with vectors by torch in float32, or of a static one's only kind.

    See `encoder_ref` for errors.
    """
    from models.encoding.encoder import find_encoder

    source = find_encoder(name)
    found = EncoderRef(
        name=source.name,
        digest=source.digest,
        weights=source.weights,
        folder=str(source.folder),
        languages=source.languages,
        files=source.digest,
    )
    return found.of_kind(STATIC) if source.table else found


def load_encoder(encoder: EncoderRef, settings: EmbedSettings, device: str) -> "Encoder":
    """Load the encoder onto the device that the estimator has, too.

    It stays loaded until another one is, or `forget_encoder` is called: a night embeds twice, texts
    and passages, and to compile an encoder takes seconds.

    Raises
    ------
    KindRefusedError
        If its vectors cannot be computed as the reference says.
    """
    return _loaded(encoder.folder, encoder.digest, encoder.kind, settings.batch_size, device)


def forget_encoder() -> None:
    """Give back the memory of the encoder that was loaded last."""
    _loaded.cache_clear()


# The digest is in the key for the files in a folder may change.
@lru_cache(maxsize=1)
def _loaded(folder: str, digest: str, kind: Kind, batch_size: int, device: str) -> "Encoder":
    from models.encoding.encoder import find_encoder

    source = find_encoder(folder)
    if kind == STATIC:
        from models.encoding.static_encoder import StaticEncoder

        return StaticEncoder(source)
    from models.encoding.text_encoder import TextEncoder

    return TextEncoder(source, device, batch_size, kind)
