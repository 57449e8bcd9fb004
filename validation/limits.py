"""The limits of a night, from which the two suites are built."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from validation.usual import Usual

Share = Annotated[float, Field(ge=0, le=1)]

MAX_USUAL_LINES: Final = 100
"""A CSV record of more lines is read with a warning: few texts have as many line breaks."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MAX_AHEAD: Final = timedelta(days=366)
"""How long after its night a document may be dated.

A night that is backfilled from a full export has documents from after it, so a later date is not
wrong for that alone. Nobody backfills more than a year, and most typos are in the year. Today's
date must not be the bound: the same night would have another result tomorrow.
"""

_AHEAD_OF_UTC: Final = timedelta(days=1)
"""East of Greenwich it may be tomorrow already, and a date without a zone is read as UTC."""


def midnight(day: date) -> datetime:
    """Return the first moment of a day in UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)


class NightDates(BaseModel):
    """Which dates the documents of a night may have; they follow from the night alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    night: date
    earliest: AwareDatetime = _EPOCH

    @property
    def latest(self) -> datetime:
        """The last date that a document may have."""
        return midnight(self.night + _MAX_AHEAD)

    @property
    def end(self) -> datetime:
        """The date up to which a document is of this night or older, wherever it was written."""
        return midnight(self.night + timedelta(days=1)) + _AHEAD_OF_UTC


class RawLimits(NightDates):
    """Limits of the check of raw rows.

    The shares of rows without text and without date are those of a feed of which nothing is known;
    what is usual for it counts more.
    """

    max_chars: int = Field(default=200_000, ge=1)
    # Longer than any key or URL that people use as an id.
    max_id_chars: int = Field(default=1_000, ge=1)
    # Texts people want stay below 0.07 (terminal codes in 20 Newsgroups); cleaning takes them out.
    max_control_share: Share = 0.1
    max_missing_text_share: Share = 0.05
    max_missing_date_share: Share = 0.5
    max_repeat_share: Share = 0.2
    min_letter_share: Share = 0.3
    min_lettered_share: Share = 0.8
    max_replacement_share: Share = 0.05
    max_without_text_share: Share = 0.8
    max_refused_share: Share = 0.3
    usual_rows: Usual | None = None
    usual_no_text: Usual | None = None
    usual_no_date: Usual | None = None
    usual_days_old: Usual | None = None
    # 0 where a source may have nothing new.
    min_rows: int = Field(default=1, ge=0)

    def without_dates(self) -> "RawLimits":
        """Return the limits of a feed of which nothing says that it should have dates."""
        return self.model_copy(update={"max_missing_date_share": 1.0})


class PreparedLimits(NightDates):
    """Limits of the check of prepared documents.

    `max_chars` is the length that texts are cut to. The refused share is over all `n_read` rows
    read, of which the check of raw rows has refused `n_refused_before`; rows without text are in
    neither number.
    """

    max_chars: int = Field(ge=1)
    n_read: int = Field(ge=0)
    n_refused_before: int = Field(ge=0)
    # How many ids of tonight were known, if they have started again.
    n_restarted_of: int | None = None
    max_duplicate_share: Share = 0.5
    max_refused_share: Share = 0.3
    usual_documents: Usual | None = None
