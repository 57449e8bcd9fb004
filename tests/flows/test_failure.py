"""How a flow fails: one line with the sentence, which is the state and an artifact, too."""

import logging
from collections.abc import Iterator

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client

from flows.failure import WHY, fails_in_a_sentence, why_markdown
from tasks.reading.sources.errors import FeedError

SENTENCE = "feed must be one path, got 'a::b' & \"c\""

pytestmark = pytest.mark.usefixtures("prefect_api")


@task
def broken(error: Exception) -> None:
    raise error


@flow
@fails_in_a_sentence
def failing(surprise: bool) -> int:
    """Fail in a task."""
    broken(KeyError("centroids") if surprise else FeedError(SENTENCE))
    return 1


class Kept(logging.Handler):
    """Keep what is logged from warnings on, and ends of runs."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def said(self) -> str:
        formatter = logging.Formatter()
        return "\n".join(formatter.format(record) for record in self.records)

    def errors(self) -> list[str]:
        return [it.getMessage() for it in self.records if it.levelno >= logging.ERROR]


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler = Kept()
    names = ("prefect.task_runs", "prefect.flow_runs", "prefect.engine", "flows.failure")
    for name in names:
        logging.getLogger(name).addHandler(handler)
    yield handler
    for name in names:
        logging.getLogger(name).removeHandler(handler)


def last_run() -> tuple[str, str, list[str]]:
    """The state of the last run of the flow here, its message, and the texts of its artifact."""
    from prefect.client.schemas.filters import (
        ArtifactFilter,
        ArtifactFilterKey,
        FlowFilter,
        FlowFilterName,
    )
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        ours = FlowFilter(name=FlowFilterName(any_=[failing.name]))
        run, *_ = client.read_flow_runs(flow_filter=ours, sort=FlowRunSort.START_TIME_DESC, limit=1)
        assert run.state is not None
        key = ArtifactFilter(key=ArtifactFilterKey(any_=[WHY]))
        artifacts = client.read_artifacts(artifact_filter=key)
    texts = [str(it.data) for it in artifacts if it.flow_run_id == run.id]
    return run.state.name or "", run.state.message or "", texts


def test_an_explained_error_is_one_line_a_state_and_an_artifact(kept: Kept) -> None:
    with pytest.raises(FeedError, match="feed must be one path") as failed:
        failing(surprise=False)
    assert str(failed.value) == SENTENCE
    assert kept.errors() == [SENTENCE]
    assert kept.said().count("feed must be one path") == 1
    assert "Traceback" not in kept.said()
    state, message, texts = last_run()
    assert (state, message) == ("Failed", SENTENCE)
    assert texts == [why_markdown(failed.value, SENTENCE)]


def test_a_surprise_keeps_its_traceback_after_an_explained_error(kept: Kept) -> None:
    with pytest.raises(FeedError):
        failing(surprise=False)
    kept.records.clear()
    with pytest.raises(KeyError):
        failing(surprise=True)
    assert "Traceback" in kept.said()
    assert any(line.startswith("Finished in state Failed") for line in kept.said().splitlines())
    state, message, texts = last_run()
    assert state == "Failed"
    assert "KeyError: 'centroids'" in message
    assert len(texts) == 1
    assert "This error was not expected" in texts[0]


def test_a_form_is_made_of_the_function_itself() -> None:
    assert failing.parameters.required == ["surprise"]


def test_no_mark_of_a_message_is_left_in_force() -> None:
    error = FeedError("<img src=x> [here](http://evil.example) # no")
    assert "\\<img" in why_markdown(error, str(error))
    assert "[here](" not in why_markdown(error, str(error))
