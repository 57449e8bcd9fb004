import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flows.prefect_home import blank
from flows.prefect_home.blank import begin_database, blank_revision, is_up_to_date
from flows.prefect_home.revisions import last_revision, revisions_of


def test_the_blank_database_is_that_of_the_installed_prefect() -> None:
    """After an update of Prefect: python docs/write_blank_database.py."""
    assert blank_revision() == last_revision()


def test_a_store_without_a_database_begins_with_the_blank_one(tmp_path: Path) -> None:
    path = tmp_path / "prefect.db"
    assert not is_up_to_date(path)
    assert begin_database(path)
    assert revisions_of(path) == {last_revision()}
    assert is_up_to_date(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("select count(*) from flow_run").fetchone() == (0,)
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "prefect.db"
    path.write_bytes(b"")
    assert not begin_database(path)
    assert path.read_bytes() == b""
    assert not is_up_to_date(path)


def test_an_older_prefect_makes_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blank, "known_revisions", lambda: {"d76326ed0d06"})
    assert not begin_database(tmp_path / "prefect.db")
    assert list(tmp_path.iterdir()) == []


def test_no_folder_is_made_for_it(tmp_path: Path) -> None:
    assert not begin_database(tmp_path / "nowhere" / "prefect.db")
    assert list(tmp_path.iterdir()) == []
