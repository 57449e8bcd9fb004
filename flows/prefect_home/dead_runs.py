"""Close the runs that a kill left open in Prefect, which does not watch their processes."""

import logging
from collections.abc import Sequence

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.context import FlowRunContext
from prefect.states import Crashed

from flows.prefect_home.runtime import is_embedded

logger = logging.getLogger(__name__)


def close_dead_runs() -> None:
    """Mark every other running run as crashed; only to be called by the holder of the run lock.

    On a server of its own (PREFECT_API_URL) runs of other stores may be alive: nothing is closed.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or not is_embedded():
        return
    running = FlowRunFilter(
        state=_state_in([StateType.RUNNING]),
        id=FlowRunFilterId(not_any_=[context.flow_run.id]),
    )
    _close(running, None, "The process died without reporting; detected by the next run.")


def close_runs_of(deployment: str, why: str) -> None:
    """Mark every run of a deployment as crashed that has begun and not ended.

    Only to be called while no process runs one. Prefect gives their slots back with that.

    Parameters
    ----------
    deployment
        Its name.
    why
        What happened to them, for whoever reads it in the UI.
    """
    # A run that is about to start has its slot already.
    begun = FlowRunFilter(
        state=_state_in([StateType.PENDING, StateType.RUNNING, StateType.CANCELLING])
    )
    _close(begun, DeploymentFilter(name=DeploymentFilterName(any_=[deployment])), why)


def _state_in(types: Sequence[StateType]) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types)))


def _close(runs: FlowRunFilter, deployment: DeploymentFilter | None, why: str) -> None:
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=runs, deployment_filter=deployment):
            client.set_flow_run_state(run.id, Crashed(message=why), force=True)
            logger.warning("closed run %s: %s", run.name, why)
