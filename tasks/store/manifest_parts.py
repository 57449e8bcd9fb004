"""Parts of a manifest that have fields of their own."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class EncoderPart(BaseModel):
    """Which encoder made the vectors of a night."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    digest: str
    """Of its files, and of what follows."""
    backend: Literal["openvino", "torch"] = "torch"
    dtype: Literal["float32", "bfloat16"] = "float32"


class LabelsPart(BaseModel):
    """Which labels a night has, and how far to trust them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    published: str
    reason: str = ""
    trust: str = ""


class RunPart(BaseModel):
    """What may differ between two runs of the same night."""

    model_config = ConfigDict(frozen=True, extra="allow")

    published_at: str
    """In ISO 8601, with its offset."""

    @property
    def moment(self) -> datetime:
        """When the night was published, in UTC."""
        return datetime.fromisoformat(self.published_at).astimezone(UTC)
