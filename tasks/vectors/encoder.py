"""The encoder of a night: which one, how it is found, how it is loaded."""

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from models.encoding.text_encoder import Encoder


class EncoderRef(BaseModel):
    """The encoder in use: its name for people, its digest for the cache, its folder for tonight."""

    model_config = ConfigDict(frozen=True)

    name: str
    digest: str
    weights: str = ""
    """SHA-256 of the weights alone: what trust is measured for."""
    folder: str = Field(exclude=True)
    languages: tuple[str, ...] = Field((), exclude=True)
    """Those that it has learnt, as its card says; they change no vector."""


class EmbedSettings(BaseModel):
    """What costs speed and memory in the encoder, and how wide the lexical views are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_size: int = Field(64, ge=1, description="Texts per forward pass.")
    lexical_dim: int = Field(300, ge=1, description="Width of each TF-IDF view after LSA.")


def encoder_ref(name: str) -> EncoderRef:
    """Find the encoder and the digest of what decides its vectors.

    Raises
    ------
    SettingError
        If it is not there, or its weights are not what they should be.
    """
    from models.encoding.encoder import find_encoder

    source = find_encoder(name)
    return EncoderRef(
        name=source.name,
        digest=source.digest,
        weights=source.weights,
        folder=str(source.folder),
        languages=source.languages,
    )


def load_encoder(encoder: EncoderRef, settings: EmbedSettings, device: str) -> "Encoder":
    """Load the encoder onto the device that the estimator has, too."""
    from models.encoding.encoder import find_encoder
    from models.encoding.text_encoder import TextEncoder

    return TextEncoder(find_encoder(encoder.folder), device, settings.batch_size)
