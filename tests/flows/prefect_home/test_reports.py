"""A store's server answers with its reports, and with nothing else of the store."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from flows.prefect_home.reports import with_reports
from tasks.reporting.render.links import report_link


async def prefect(_scope: Any, _receive: Any, send: Any) -> None:
    """Stand for Prefect's application."""
    await send({"type": "http.response.start", "status": 418, "headers": []})


def status(folder: Path, path: str) -> int:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    asyncio.run(with_reports(prefect, folder)(scope, receive, send))
    return int(sent[0]["status"])


def test_the_link_of_a_night_opens_its_report(tmp_path: Path) -> None:
    page = tmp_path / "reports" / "feed=a b" / "night=2026-03-01" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>", encoding="utf-8")
    decoded = report_link(page).replace("%3D", "=").replace("%20", " ")
    assert status(tmp_path / "reports", decoded) == 200


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/nightfold/reports/../secret", 404),
        ("/nightfold/reports/none", 404),
        ("/runs", 418),
        ("/nightfold/reportsx", 418),
    ],
)
def test_all_else_is_prefects_or_nobodys(tmp_path: Path, path: str, said: int) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "secret").write_text("key", encoding="utf-8")
    assert status(tmp_path / "reports", path) == said
