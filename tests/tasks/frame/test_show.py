from typing import Any
from uuid import UUID, uuid4

import pytest

from tasks.frame import show
from tasks.frame.show import (
    MAX_TABLE_ROWS,
    move_progress,
    show_markdown,
    show_table,
    start_progress,
)

ARTIFACT = uuid4()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Collect what would go to Prefect, as if a task were running."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def catch(name: str) -> None:
        def caught(**said: Any) -> UUID:
            calls.append((name, said))
            return ARTIFACT

        monkeypatch.setattr(show, name, caught)

    for name in ("create_table", "create_markdown", "create_progress", "update_progress"):
        catch(f"{name}_artifact")
    monkeypatch.setattr(show.TaskRunContext, "get", object)
    return calls


def test_outside_a_task_run_nothing_is_shown(
    shown: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show.TaskRunContext, "get", lambda: None)
    show_table("a", [{"x": 1}], "A table")
    show_markdown("a", "# A", "A text")
    assert start_progress("a", "A bar") is None
    assert shown == []


def test_a_table_is_cut_to_what_prefect_takes(shown: list[tuple[str, dict[str, Any]]]) -> None:
    rows = [{"x": number} for number in range(MAX_TABLE_ROWS + 1)]
    show_table("check raw", rows, "A table")
    assert shown == [
        (
            "create_table_artifact",
            {"key": "check-raw", "table": rows[:-1], "description": "A table"},
        )
    ]


def test_what_a_table_shows_of_a_feed_is_not_markdown(
    shown: list[tuple[str, dict[str, Any]]],
) -> None:
    show_table("clusters", [{"name": "<b>", "keywords": ["a_b", "c"], "size": 2}], "Clusters")
    assert shown[0][1]["table"] == [{"name": r"\<b\>", "keywords": r"a\_b, c", "size": 2}]


def test_a_text_is_shown(shown: list[tuple[str, dict[str, Any]]]) -> None:
    show_markdown("summary", "# A", "A text")
    assert shown[0][1] == {"key": "summary", "markdown": "# A", "description": "A text"}


def test_a_bar_is_started_and_moved(shown: list[tuple[str, dict[str, Any]]]) -> None:
    assert start_progress("embed-progress", "A bar") == ARTIFACT
    move_progress(ARTIFACT, 40.0)
    assert [name for name, _ in shown] == ["create_progress_artifact", "update_progress_artifact"]
    assert shown[0][1]["progress"] == 0.0
    assert shown[1][1] == {"artifact_id": ARTIFACT, "progress": 40.0}


@pytest.mark.parametrize(
    ("key", "spelled"), [("Check raw", "check-raw"), ("_A__b!", "a-b"), ("night 1", "night-1")]
)
def test_keys_are_spelled_as_prefect_allows(
    key: str, spelled: str, shown: list[tuple[str, dict[str, Any]]]
) -> None:
    show_markdown(key, "", "")
    assert shown[0][1]["key"] == spelled
