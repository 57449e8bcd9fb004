"""Where a night's rows went."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict

from tasks.boundary.counted import counted

PLACES: Final = ("accepted", "duplicate", "quarantined", "withdrawn", "without_text")
"""Where a row that was read can end."""


class Counts(BaseModel):
    """Where tonight's rows went: read is the sum of all but `late`, `replaced` and `cut`."""

    model_config = ConfigDict(frozen=True)

    read: int
    accepted: int
    duplicate: int
    quarantined: int
    withdrawn: int = 0
    without_text: int = 0
    """Rows with an id and neither text nor title; they are in quarantine, and not broken."""
    late: int = 0
    """Documents among them that are older than everything read by the previous night."""
    replaced: int = 0
    """Documents among them that take the place of one with the same id and another text."""
    cut: int | None = None
    """Documents among them of which a part alone is embedded; None where texts are not mails."""

    def require_balance(self) -> None:
        """Fail where a row is in no place or in two.

        Raises
        ------
        RuntimeError
            If the numbers do not add up.
        """
        if self.read != sum(getattr(self, place) for place in PLACES):
            raise RuntimeError(
                f"rows are not conserved: {self}; this is a bug in nightfold, please report it"
            )

    def listed(self) -> str:
        """Return all numbers with their names, for the log."""
        numbers = self.model_dump(exclude_none=True).items()
        return ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in numbers)


def rows_said(counts: Mapping[str, int]) -> str:
    """Return where the rows went, as a sum; what is rare is left out where there is none of it."""
    if not counts["read"]:
        return "nothing new: no row was read"
    usual, rare = PLACES[:3], [place for place in PLACES[3:] if counts[place]]
    parts = [f"{place.replace('_', ' ')} {counts[place]:,}" for place in (*usual, *rare)]
    late = f"; {counted(counts['late'], 'late document')}" if counts["late"] else ""
    edited = f"; {counted(counts['replaced'], 'document')} replaced" if counts["replaced"] else ""
    cut = counts.get("cut", 0)
    shortened = f"; {counted(cut, 'mail')} cut before embedding" if cut else ""
    return f"read {counts['read']:,} = {' + '.join(parts)}{late}{edited}{shortened}"
