"""References to files of the store: what travels between stages instead of their content."""

from pydantic import BaseModel, ConfigDict

from validation.tables.schemas import SCHEMA_VERSION


class Ref(BaseModel):
    """A file of the store that a stage made."""

    model_config = ConfigDict(frozen=True)

    path: str
    """Relative to the store's root, so that a store can be moved."""
    sha256: str
    rows: int
    schema_version: int = SCHEMA_VERSION


class ModelRef(BaseModel):
    """A saved model: its files by name."""

    model_config = ConfigDict(frozen=True)

    files: dict[str, Ref]


def digest_in_name(digest: str) -> str:
    """Return how much of its SHA-256 the name of a stage file has."""
    return digest[:32]


def published_digest(digest: str) -> str:
    """Return how much of its SHA-256 the name of a published file has."""
    return digest[:16]
