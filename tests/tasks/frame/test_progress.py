import io
import logging
import sys
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from tasks.frame import progress
from tasks.frame.progress import shown_progress

ARTIFACT = uuid4()
NO_LOSS = float("nan")


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collect where an artifact would be moved to."""
    found: list[float] = []

    def move(artifact: UUID, percent: float) -> None:
        assert artifact == ARTIFACT
        found.append(percent)

    monkeypatch.setattr(progress, "start_progress", lambda *_: ARTIFACT)
    monkeypatch.setattr(progress, "move_progress", move)
    return found


def test_without_prefect_and_terminal_nothing_is_said(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), shown_progress("embed") as report:
        report("encoding", 1, 2, NO_LOSS)
    assert capsys.readouterr() == ("", "")
    assert caplog.text == ""


def test_every_move_is_a_request_so_they_are_rare(
    moves: list[float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = iter([0.0, 0.5, 1.9, 2.0, 2.0, 3.9, 4.1, 4.1])
    # Its own clock alone: the threads of Prefect in this process ask the real one at any moment.
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(progress, "Progress", _NoBar)
    with (
        caplog.at_level(logging.INFO, "tasks.frame.progress"),
        shown_progress("pretrain") as report,
    ):
        for done in range(1, 6):
            report("epoch", done, 5, 0.25 if done < 5 else NO_LOSS)
    assert moves == [60.0, 100.0, 100.0]
    assert [record.getMessage() for record in caplog.records] == [
        "pretrain: epoch 3 of 5 loss 0.2500",
        "pretrain: epoch 5 of 5 ",
    ]


def test_the_artifact_ends_at_the_end_also_where_there_was_nothing_to_do(
    moves: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_UPDATES", 0.0)
    with shown_progress("embed") as report:
        report("encoding", 0, 0, NO_LOSS)
    assert moves == [0.0, 100.0]


def test_a_stage_that_fails_does_not_end_at_one_hundred(moves: list[float]) -> None:
    def fail() -> None:
        with shown_progress("embed"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert moves == []


def test_a_terminal_shows_step_and_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    with shown_progress("refine") as report:
        report("epoch", 1, 2, 0.125)
    assert "refine: epoch" in terminal.getvalue()
    assert "loss 0.1250" in terminal.getvalue()


class _NoBar:
    """A bar that does not ask the time."""

    def __init__(self, *_columns: object, **_settings: object) -> None:
        pass

    def __enter__(self) -> "_NoBar":
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def add_task(self, *_args: object, **_fields: object) -> int:
        return 0

    def update(self, *_args: object, **_fields: object) -> None:
        pass
