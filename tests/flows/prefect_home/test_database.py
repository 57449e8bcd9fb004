import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flows.prefect_home.database import (
    UnknownRevisionError,
    fold_journal,
    put_aside_damaged,
    repair_database,
)
from flows.prefect_home.revisions import known_revisions, last_revision
from tasks.store.lock import store_lock


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "prefect" / "prefect.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table flow_run (name text)")
        connection.executemany("insert into flow_run values (?)", [["x" * 500]] * 500)
        connection.commit()
    return path


def test_a_sound_database_or_none_is_left_alone(database: Path, tmp_path: Path) -> None:
    before = database.read_bytes()
    assert put_aside_damaged(tmp_path) is None
    assert database.read_bytes() == before
    assert put_aside_damaged(tmp_path / "nowhere") is None
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("damage", ["garbage", "cut", "pages"])
def test_a_damaged_database_is_renamed_with_its_journal(
    database: Path, tmp_path: Path, damage: str
) -> None:
    whole = database.read_bytes()
    database.write_bytes(
        {
            "garbage": b"garbage" * 900,
            "cut": whole[: len(whole) // 2],
            "pages": whole[:4096] + b"\xff" * 9_000 + whole[13_096:],
        }[damage]
    )
    journal = database.with_name("prefect.db-shm")
    journal.write_bytes(b"x")
    said = put_aside_damaged(tmp_path)
    assert said is not None
    assert f"{database} was damaged (" in said
    assert "is now prefect.db.damaged-1: the UI no longer shows" in said
    assert not database.exists()
    assert not journal.exists()
    assert {path.name for path in database.parent.iterdir()} == {
        "prefect.db.damaged-1", "prefect.db.damaged-1-shm",
    }  # fmt: skip
    database.write_bytes(b"garbage" * 900)
    assert "prefect.db.damaged-2" in str(put_aside_damaged(tmp_path))


def test_the_database_of_a_store_at_work_is_left_alone(database: Path, tmp_path: Path) -> None:
    database.write_bytes(b"garbage" * 900)
    with store_lock(tmp_path, "a run"):
        assert put_aside_damaged(tmp_path) is None
    assert database.exists()


def write_revision(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table alembic_version (version_num text)")
        connection.execute("insert into alembic_version values (?)", [revision])
        connection.commit()


def test_a_database_of_another_prefect_is_refused_with_a_sentence(
    database: Path, tmp_path: Path
) -> None:
    write_revision(database, "ffffffffffff")
    before = database.read_bytes()
    with pytest.raises(UnknownRevisionError) as refused:
        repair_database(tmp_path)
    said = str(refused.value)
    assert said.startswith(f"{database} was written by another Prefect than the installed 3.")
    assert "does not know its revision ffffffffffff: " in said
    assert "move the file aside; published nights and the cache do not depend on it" in said
    assert database.read_bytes() == before


def test_a_database_of_an_older_prefect_is_prefects_to_bring_forward(
    database: Path, tmp_path: Path
) -> None:
    write_revision(database, "9725c1cbee35")
    assert repair_database(tmp_path) is None


def test_a_database_that_is_new_or_not_there_is_nobodys(database: Path, tmp_path: Path) -> None:
    assert repair_database(tmp_path) is None
    assert repair_database(tmp_path / "nowhere") is None


def test_every_revision_of_the_installed_prefect_is_known() -> None:
    import prefect
    from alembic.script import ScriptDirectory

    folder = Path(prefect.__file__).parent / "server" / "database" / "_migrations"
    scripts = ScriptDirectory(str(folder), version_locations=[str(folder / "versions" / "sqlite")])
    assert known_revisions() == {script.revision for script in scripts.walk_revisions()}
    assert last_revision() == scripts.get_current_head()


def test_a_journal_that_a_server_left_behind_is_folded_in(tmp_path: Path) -> None:
    path, journal = tmp_path / "prefect.db", tmp_path / "prefect.db-wal"
    fold_journal(path)
    assert not path.exists()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table flow_run (name text)")
        connection.commit()
        assert journal.stat().st_size
        fold_journal(path)
        assert not journal.stat().st_size
