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
    """Documents among them that are dated before the last night and all that it has read."""


def rows_said(counts: Mapping[str, int]) -> str:
    """Say where the rows went, as a sum; what there is none of on most nights only if there is."""
    parts = [f"{name} {counts[name]:,}" for name in ("accepted", "duplicate", "quarantined")]
    if counts["withdrawn"]:
        parts.append(f"withdrawn {counts['withdrawn']:,}")
    late = f"; {counted(counts['late'], 'late document')}" if counts["late"] else ""
    return f"read {counts['read']:,} = {' + '.join(parts)}{late}"
