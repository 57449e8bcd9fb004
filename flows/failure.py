"""How a flow fails: one sentence in the log, in its state and in an artifact.

Prefect logs an error with its traceback wherever it passes by. That helps with surprises alone.
"""

import functools
import logging
import re
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar, cast

from prefect.artifacts import create_markdown_artifact
from prefect.states import Failed

from flows.explain import explain, sentence_of
from tasks.boundary.markdown import escape_markdown
from validation.errors import NightfoldError

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

WHY: Final = "why-this-run-failed"
"""Key of the artifact."""

_LOGGERS: Final = ("prefect.task_runs", "prefect.flow_runs", "prefect.engine")
"""Of Prefect, which log the end of runs: a task's, its flow's, its process's."""


_TASK_FAILED: Final = re.compile(
    r"Finished in state Failed\(['\"]Task run encountered an exception (\w+):"
)
"""How Prefect logs the end of a task that is not tried again; no exception comes with the line."""


class _OnlySurprises(logging.Filter):
    """Drop what Prefect logs of an error that has a sentence: the flow logs that, once."""

    is_explained = False

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and sentence_of(error):
            self.is_explained = True
            return False
        ended = _TASK_FAILED.match(record.getMessage())
        if ended and ended[1] in _own_names(NightfoldError):
            return False
        # The message of that state is the sentence again.
        return not (
            self.is_explained and record.getMessage().startswith("Finished in state Failed")
        )


def _own_names(kind: type[BaseException]) -> set[str]:
    """Return the names of a class of errors and of all that inherit from it."""
    return {kind.__name__}.union(*(_own_names(it) for it in kind.__subclasses__()))


_FILTER: Final = _OnlySurprises()


def fails_in_a_sentence(function: Callable[P, R]) -> Callable[P, R]:
    """Let a flow's function end in a `Failed` state with the sentence of an error that has one.

    The caller still gets the error itself. Any other error goes on to Prefect with its traceback.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        _FILTER.is_explained = False
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_FILTER)
        try:
            return function(*args, **kwargs)
        except Exception as error:
            sentence = sentence_of(error)
            _show_why(error, sentence)
            if sentence is None:
                raise
            _FILTER.is_explained = True
            logger.error("%s", sentence)
            # Prefect takes a state that a flow returns for the state of its run.
            return cast(R, Failed(message=sentence, data=error))

    return run


def why_markdown(error: BaseException, sentence: str | None) -> str:
    """Write the reason of a failure for the UI; all Markdown in a message is escaped."""
    next_step = (
        "Once the cause is fixed, start the run again: it resumes after the last completed stage."
        if sentence
        else "This error was not expected: the log of this run has the traceback; please include it"
        " in a bug report."
    )
    reason = sentence or explain(error).removesuffix("; --debug shows where")
    return (
        f"# Why this run failed\n\n{escape_markdown(reason)}\n\n{next_step}"
        " Published nights are not changed."
    )


def _show_why(error: Exception, sentence: str | None) -> None:
    """Show the reason in the UI, if the UI is not what has failed."""
    try:
        create_markdown_artifact(
            why_markdown(error, sentence), key=WHY, description="Why this run failed"
        )
    except Exception as trouble:
        logger.warning("the reason of the failure cannot be shown in the UI: %s", trouble)
