"""What a source remembers from one published night to the next."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class SourceState(BaseModel):
    """Where a source has stopped; a night's manifest has it, and the next night is handed it.

    It counts once its night is published: a night that fails has read nothing.
    """

    model_config = ConfigDict(frozen=True)

    of: str
    """What it is the state of; see `tasks.reading.sources.base.Source.scope`."""
    state: dict[str, Any]
    """JSON; only the kind of source that made it reads it."""
