"""What a stage returns to be published: its tables, its models, and what the manifest tells of it.

Reads nothing, writes nothing: `tasks.publishing` brings the files to their places.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.store.storage import ModelRef, Ref


class StageResult(BaseModel):
    """The result of a stage that has a part in the published night; the names are the manifest's.

    A stage whose result nobody but the next stages reads returns a model of its own.
    """

    # A cache record that names its tables in another way, as older versions do, is then none.
    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: dict[str, Ref] = {}
    """Name in `validation.tables.schemas.PUBLISHED` → stage file."""
    models: dict[str, ModelRef] = {}
    checks: dict[str, Ref] = {}
    """Check → its results as JSON."""

    def facts(self) -> dict[str, Any]:
        """Return what the manifest tells of the stage, by the keys that it has there."""
        return {}
