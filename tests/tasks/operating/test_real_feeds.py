"""Real feeds give the same documents, whichever way they are written down."""

import json
import logging
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest

from tasks.operating.trial import try_feed
from tasks.preparing.checks import CheckSettings
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.settings import SourceSettings
from tasks.reading.sources.sql.settings import SqlSettings
from tests.tasks.reading.formats.test_xlsx import workbook

FEEDS: Final = Path(__file__).parents[3].parent / "shared" / "data" / "feeds"
N_ROWS: Final = 80

pytestmark = pytest.mark.skipif(not FEEDS.is_dir(), reason=f"{FEEDS} is not there")

Documents = dict[str, tuple[str, str]]


@pytest.fixture
def documents(tmp_path: Path) -> Callable[..., Documents]:
    """Read a feed as a first night does: id → text digest and date."""

    def read(feed: str, sources: SourceSettings | None = None) -> Documents:
        scratch, night = tmp_path / "scratch" / feed.rpartition(".")[2], date(2026, 11, 20)
        ingest, check, settings = IngestSettings(), CheckSettings(), PrepareSettings()
        trial = try_feed(feed, ingest, check, night, scratch, sources or SourceSettings())
        return {
            row["doc_id"]: (row["text_digest"], str(row["timestamp"]))
            for part in trial.parts(trial.plan(settings), settings)
            for row in part["candidates"].to_pylist()
        }

    return read


def plain(value: Any) -> Any:
    """A cell as a file without types has it."""
    return value if isinstance(value, int | float | str | None) else str(value)


@pytest.mark.parametrize("path", sorted(FEEDS.glob("*.parquet")), ids=lambda path: path.stem)
def test_a_real_feed_gives_the_same_documents_in_every_format(
    path: Path, documents: Callable[..., Documents], tmp_path: Path, caplog: Any
) -> None:
    caplog.set_level(logging.ERROR)
    frame = pd.read_parquet(path).head(N_ROWS)
    rows = [{name: plain(value) for name, value in row.items()} for row in frame.to_dict("records")]
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "a.jsonl").write_text("".join(lines), encoding="utf-8")
    sheet = [list(frame.columns), *([str(cell) for cell in row.values()] for row in rows)]
    (tmp_path / "a.xlsx").write_bytes(workbook(feed=sheet))
    with sqlite3.connect(tmp_path / "a.db") as database:
        pd.DataFrame(rows).to_sql("feed", database, index=False)
    database.close()

    expected = documents(str(tmp_path / "a.parquet"))
    assert len(expected) > N_ROWS * 0.9
    for name in ("a.csv", "a.jsonl", "a.xlsx"):
        assert documents(str(tmp_path / name)) == expected, name
    sql = SourceSettings(sql=SqlSettings(table="feed"))
    assert documents(f"sqlite:///{tmp_path / 'a.db'}", sql) == expected
