"""Parts of a manifest that have fields of their own."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class EncoderPart(BaseModel):
    """Which encoder made the vectors of a night."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    digest: str
    """Of its files, and of what follows."""
    backend: Literal["openvino", "torch", "static"] = "torch"
    dtype: Literal["float32", "bfloat16"] = "float32"


class LabelsPart(BaseModel):
    """Which labels a night has, and how far to trust them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    published: str
    reason: str = ""
    trust: str = ""


class GroupPart(BaseModel):
    """What a night that is clustered by a column tells of the documents with one value of it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    slug: str
    """Safe in a path; the group's models are `clustering@slug`, `lexical@slug`, `identity@slug`."""
    name: str
    """The value, as in the column `group` of the tables."""
    values: int
    """How many values are in it: more than one where they were too small by themselves."""
    kept_together: int = 0
    """Where it is of small values: the texts that one must have to be a group of its own."""
    texts: int
    n_clusters: int
    labels: LabelsPart
    fit: dict[str, Any]
    numbers: dict[str, Any] | None = None
    cluster_ids: dict[str, str]
    whole_of: dict[str, str] = {}
    """See the parts of `Manifest` of these names."""


class RunPart(BaseModel):
    """What may differ between two runs of the same night."""

    model_config = ConfigDict(frozen=True, extra="allow")

    published_at: str
    """In ISO 8601, with its offset."""

    @property
    def moment(self) -> datetime:
        """When the night was published, in UTC."""
        return datetime.fromisoformat(self.published_at).astimezone(UTC)
