"""What a night is held to: the limits that the two suites are built from."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RawLimits(BaseModel):
    """Limits of the check of raw rows; `latest` is the latest date that a row may bear."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    latest: AwareDatetime
    earliest: AwareDatetime = _EPOCH
    max_chars: int = Field(default=200_000, ge=1)
    # Texts people want stay below 0.07 (terminal codes in 20 Newsgroups); cleaning takes them out.
    max_control_share: Share = 0.1
    max_missing_text_share: Share = 0.05
    max_missing_date_share: Share = 0.5
    max_repeat_share: Share = 0.2
    min_letter_share: Share = 0.3
    min_lettered_share: Share = 0.8
    max_replacement_share: Share = 0.05
    max_refused_share: Share = 0.3
    median_rows: float | None = Field(default=None, ge=0)


class PreparedLimits(BaseModel):
    """Limits of the check of prepared documents.

    `max_chars` is the length that texts are cut to. The refused share is over all `n_read` rows
    read, of which the check of raw rows has refused `n_refused_before`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    latest: AwareDatetime
    max_chars: int = Field(ge=1)
    n_read: int = Field(ge=0)
    n_refused_before: int = Field(ge=0)
    earliest: AwareDatetime = _EPOCH
    max_duplicate_share: Share = 0.5
    max_refused_share: Share = 0.3
    median_documents: float | None = Field(default=None, ge=0)
