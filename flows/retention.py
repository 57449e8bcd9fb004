"""Delete old nights on a schedule: `nightfold prune` as a flow.

As a Prefect entrypoint: ``flows/retention.py:retention``.
"""

import logging
from pathlib import Path

from prefect import flow
from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator

from flows.config import store_place
from flows.failure import fails_in_a_sentence
from flows.prefect_home.runtime import let_info_through
from flows.pruning import prune_store
from tasks.operating.prune import SMALLEST_KEEP
from tasks.store.bucket.place import is_bucket_url, root_of, spelled

logger = logging.getLogger(__name__)


class RetentionConfig(BaseModel):
    """How much of a store to keep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: Path = Field(description="Local folder of the store, or s3://bucket/prefix.")
    keep: int = Field(ge=SMALLEST_KEEP, description="Number of nights of every feed to keep.")
    dry_run: bool = Field(
        False, description="Report what would be removed, without removing anything."
    )

    @field_validator("store")
    @classmethod
    def _store_is_there(cls, store: Path) -> Path:
        root = store_place(store)
        if not is_bucket_url(root) and not (root / "runs").is_dir():
            raise ValueError(f"{root} is not a nightfold store; set the store of an earlier run")
        return root

    @field_serializer("store")
    def _store_as_written(self, store: Path) -> str:
        return spelled(store)


@flow(name="retention", flow_run_name="keep {config.keep} nights")
@fails_in_a_sentence
def retention(config: RetentionConfig) -> list[str]:
    """Keep the last nights of every feed; a prune removes the files that the one before it retired.

    Returns
    -------
    What was done, in sentences; they are in the log and the UI, too.
    """
    let_info_through()
    done = prune_store(root_of(config.store), config.keep, config.dry_run).sentences()
    for sentence in done:
        logger.info("%s", sentence)
    return done
