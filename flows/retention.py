"""Drop old nights, on a schedule: what `nightfold prune` does, as a flow.

As a Prefect entrypoint: ``flows/retention.py:retention``.
"""

import logging
from pathlib import Path

from prefect import flow
from pydantic import BaseModel, ConfigDict, Field, field_validator

from flows.config import local_store
from flows.failure import fails_in_a_sentence
from flows.prefect_home.runtime import let_info_through
from flows.pruning import prune_store
from tasks.operating.prune import SMALLEST_KEEP

logger = logging.getLogger(__name__)


class RetentionConfig(BaseModel):
    """How much of a store stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: Path = Field(description="Local folder of the store.")
    keep: int = Field(ge=SMALLEST_KEEP, description="Nights of every feed that stay.")
    dry_run: bool = Field(False, description="Say what would be done, and do nothing.")

    @field_validator("store")
    @classmethod
    def _store_is_there(cls, store: Path) -> Path:
        root = local_store(store)
        if not (root / "runs").is_dir():
            raise ValueError(f"{root} is no store; give the store of an earlier run")
        return root


@flow(name="retention", flow_run_name="keep {config.keep} nights")
@fails_in_a_sentence
def retention(config: RetentionConfig) -> list[str]:
    """Keep the last nights of every feed; files go in the prune after the one that unlists them.

    Returns
    -------
    What was done, in sentences; they are in the log and the UI, too.
    """
    let_info_through()
    done = prune_store(config.store, config.keep, config.dry_run)
    for sentence in done:
        logger.info("%s", sentence)
    return done
