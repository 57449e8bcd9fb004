"""How a night's model came about, as its manifest tells; see `tasks.clusters.plan_fit`."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tasks.clusters.drift import Figure


class Fit(BaseModel):
    """How tonight's model comes about."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["full", "warm"]
    since: date
    """The night of the last full fit; tonight, if this is one."""
    reason: str
    recipe: str
    """Key of all that a model depends on besides the documents."""
    drift: list[Figure] = []
