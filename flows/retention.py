"""Delete old nights on a schedule: `nightfold prune` as a flow.

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
    """How much of a store to keep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: Path = Field(description="Local folder of the store.")
    keep: int = Field(ge=SMALLEST_KEEP, description="Number of nights of every feed to keep.")
    dry_run: bool = Field(
        False, description="Report what would be removed, without removing anything."
    )

    @field_validator("store")
    @classmethod
    def _store_is_there(cls, store: Path) -> Path:
        root = local_store(store)
        if not (root / "runs").is_dir():
            raise ValueError(f"{root} is not a nightfold store; set the store of an earlier run")
        return root


@flow(name="retention", flow_run_name="keep {config.keep} nights")
@fails_in_a_sentence
def retention(config: RetentionConfig) -> list[str]:
    """Keep the last nights of every feed; a prune removes the files that the one before it retired.

    Returns
    -------
    What was done, in sentences; they are in the log and the UI, too.
    """
    let_info_through()
    done = prune_store(config.store, config.keep, config.dry_run).sentences()
    for sentence in done:
        logger.info("%s", sentence)
    return done
