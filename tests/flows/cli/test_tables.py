"""What readers of a store are shown, and the recipes for it in the README and docs/tables.md."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.cli.tables import UnknownTableError, published_files
from tasks.reporting.published import NoNightError
from tasks.store.storage import Store
from validation.tables.schemas import EVERY_NIGHT

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")
TABLES = (ROOT / "docs" / "tables.md").read_text("utf-8")
SNIPPETS = re.findall(
    r"[Ww]ith (\w+):\n\n```python\n(.*?)```", README + TABLES, re.DOTALL | re.MULTILINE
)


def store_of(root: Path, night: date) -> Store:
    return Store(root=root, feed="default", night=night)


NIGHTS = [date(2026, 3, 1), date(2026, 3, 2)]


def named(root: Path, night: date, table: str) -> Path:
    ref = store_of(root, night).read_manifest().tables[table]
    return root / ref.path


def test_only_files_that_a_manifest_names_are_listed(operated: Any) -> None:
    root = operated.store
    expected = [named(root, night, "clusters") for night in NIGHTS]
    expected[0].with_name("part-0.parquet").write_bytes(b"of a night that was replaced")
    assert published_files(root, "clusters") == expected
    assert published_files(root, "clusters", night=NIGHTS[0]) == expected[:1]
    assert len(published_files(root)) == 2 * len(EVERY_NIGHT)
    store_of(root, NIGHTS[0]).manifest_path().unlink()
    assert published_files(str(root), "clusters") == expected[1:]


def test_what_is_not_there_is_an_error(two_nights: Any) -> None:
    with pytest.raises(NoNightError, match="no published night 2026-03-09 of feed 'default'"):
        published_files(two_nights.store, night=date(2026, 3, 9))
    with pytest.raises(UnknownTableError, match="no table 'cluster'; there are assignments, bre"):
        published_files(two_nights.store, "cluster")


def test_the_command_prints_one_path_a_line(two_nights: Any) -> None:
    words = ["tables", "documents", "--store", str(two_nights.store), "--night", "2026-03-02"]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.output) == (
        0,
        f"{named(two_nights.store, NIGHTS[1], 'documents')}\n",
    )
    assert CliRunner().invoke(app, ["tables", "x", *words[2:]]).exit_code == 2


def test_there_is_a_recipe_for_each_reader() -> None:
    assert [name for name, _ in SNIPPETS] == ["pandas", "DuckDB", "polars"]


@pytest.mark.parametrize(("name", "code"), SNIPPETS, ids=[name for name, _ in SNIPPETS])
def test_the_recipes_run(
    name: str, code: str, operated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = named(operated.store, NIGHTS[0], "clusters")
    replaced.with_name("part-0.parquet").write_bytes(replaced.read_bytes())
    operated.store.rename(operated.store.with_name("my-store"))
    monkeypatch.chdir(operated.store.parent)
    found: dict[str, Any] = {}
    exec(code, found)
    if name == "pandas":
        assert sorted(found["all_nights"]["night"].astype(str).unique()) == [*map(str, NIGHTS)]
        assert len(found["last_night"]) == 3
    if name == "polars":
        assert found["clusters"].group_by("night").len()["len"].to_list() == [3, 3]
    if name == "DuckDB":
        assert len(found["sizes"].fetchall()) == 6
        assert len(found["new"].fetchall()) == 27


def test_the_recipe_for_all_columns_of_all_nights_runs(
    operated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    operated.store.rename(operated.store.with_name("my-store"))
    monkeypatch.chdir(operated.store.parent)
    own = TABLES.partition("## All nights at once")[2]
    (code,) = re.findall(r"```python\n(.*?)```", own, re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)
    assert len(found["by_pandas"]) == len(found["by_polars"]) == 54
    assert len(found["by_duckdb"].fetchall()) == 54
