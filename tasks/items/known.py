"""A learnt encoder as others know encoders: by a name and a digest."""

from typing import Final

from tasks.store.storage import ModelRef
from tasks.vectors.encoder import EncoderRef

ENCODER_FILE: Final = "encoder.safetensors"


def encoder_of(name: str, learnt: ModelRef | None) -> EncoderRef:
    """Return the encoder of a night, whose digest is that of its weights.

    Parameters
    ----------
    name
        For people.
    learnt
        The model; None where none was learnt yet.
    """
    digest = learnt.files[ENCODER_FILE].sha256 if learnt else ""
    return EncoderRef(name=name, digest=digest, weights=digest, folder="", files=digest)
