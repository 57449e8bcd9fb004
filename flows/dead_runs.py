"""Close the runs that a kill left `Running` in the store's own Prefect database."""

import logging

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.context import FlowRunContext
from prefect.states import Crashed

from flows.runtime import is_embedded

logger = logging.getLogger(__name__)


def close_dead_runs() -> None:
    """Mark every other running run as crashed; only to be called by the holder of the run lock.

    On a server of its own (PREFECT_API_URL) runs of other stores may be alive: nothing is closed.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or not is_embedded():
        return
    running = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
        id=FlowRunFilterId(not_any_=[context.flow_run.id]),
    )
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=running):
            message = "The process ended without a word; the next run found this."
            client.set_flow_run_state(run.id, Crashed(message=message), force=True)
            logger.warning("closed run %s, which a killed process had left running", run.name)
