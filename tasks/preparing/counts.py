"""Where a night's rows went."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from tasks.boundary.counted import counted


class Counts(BaseModel):
    """Where tonight's rows went: read = accepted + duplicate + quarantined + withdrawn."""

    model_config = ConfigDict(frozen=True)

    read: int
    accepted: int
    duplicate: int
    quarantined: int
    withdrawn: int = 0
    late: int = 0
    """Documents among them that are older than everything read by the previous night."""

    def require_balance(self) -> None:
        """Fail where a row is in no place or in two.

        Raises
        ------
        RuntimeError
            If the numbers do not add up.
        """
        placed = self.accepted + self.duplicate + self.quarantined + self.withdrawn
        if self.read != placed:
            raise RuntimeError(
                f"rows are not conserved: {self}; this is a bug in nightfold, please report it"
            )

    def listed(self) -> str:
        """Return all numbers with their names, for the log."""
        return ", ".join(f"{value:,} {name}" for name, value in self.model_dump().items())


def rows_said(counts: Mapping[str, int]) -> str:
    """Return where the rows went, as a sum; what is rare is left out where there is none of it."""
    parts = [f"{name} {counts[name]:,}" for name in ("accepted", "duplicate", "quarantined")]
    if counts["withdrawn"]:
        parts.append(f"withdrawn {counts['withdrawn']:,}")
    late = f"; {counted(counts['late'], 'late document')}" if counts["late"] else ""
    return f"read {counts['read']:,} = {' + '.join(parts)}{late}"
