from pathlib import Path
from typing import Any

import pytest

from tasks.reporting.night_view import NightView
from tasks.reporting.render import artifacts
from tasks.reporting.render.markdown import summarise


def test_the_page_of_a_run_has_the_summary_and_all_clusters(
    night: NightView, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[Any, ...]] = []
    for name in ("show_markdown", "show_table"):
        monkeypatch.setattr(artifacts, name, lambda *given: shown.append(given))
    artifacts.show_artifacts(night, None)
    (key, markdown, _), (table_key, rows, description) = shown
    assert key.startswith("night-")
    assert markdown == summarise(night)
    page = Path("/store/reports/feed=a/night=2026-03-01/index.html")
    artifacts.show_artifacts(night, page)
    lines = shown[2][1].splitlines()
    link = "(/nightfold/reports/feed%3Da/night%3D2026-03-01/index.html)"
    assert lines[2].startswith(f"**[The report of the night]{link}**")
    assert lines[4] == "## What changed"
    assert table_key.startswith("clusters-")
    assert rows == list(night.clusters)
    assert description == "Clusters of night 2026-03-01"
