from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from tasks.store.manifests import FORMAT_VERSION
from tasks.store.sealed import write_sealed
from tasks.store.storage import Store, keep_table


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a store whose feed `shop` has a night with two clusters."""
    store = Store(root=tmp_path, feed="shop", night=date(2026, 3, 1))
    ids = ["c-20260301-001", "c-20260301-002"]
    clusters = pa.table({"cluster_id": ids, "name": ["refund", "app"], "size": [3, 2]})
    assigned = pa.table({"doc_id": ["d1", "d2"], "cluster_id": ids})
    tables = {"clusters": clusters, "assignments": assigned}
    manifest: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "feed": "shop",
        "night": "2026-03-01",
        "counts": {},
        "tables": {name: keep_table(store, "t", it).model_dump() for name, it in tables.items()},
        "models": {},
        "encoder": {"name": "E", "digest": "0"},
        "labels": {"published": "refined"},
        "fit": None,
        "curation": {"resting": ["c-20260301-009 is ignored: c-20260301-009 is not there tonight"]},
        "config": {"window_days": 30},
        "run": {"published_at": "2026-03-01T03:00:00+00:00"},
    }
    write_sealed(store.manifest_path(), manifest)
    return tmp_path


def curate(root: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["curate", *words, "--store", str(root)])
    return done.exit_code, done.output


def test_every_command_writes_its_rule_and_says_what_it_does(root: Path) -> None:
    code, output = curate(root, "pin", "c-20260301-001", "money")
    assert code == 0
    assert "from the next night on: c-20260301-001 is called “money”" in output
    assert "c-20260301-001 is “refund”, 3 documents on 2026-03-01" in output
    assert curate(root, "split", "c-20260301-002", "--terms", "login", "--name", "access")[0] == 0
    assert curate(root, "category", "all", "c-20260301-001", "c-20260301-002")[0] == 0
    assert curate(root, "exclude", "d1", "c-20260301-001")[0] == 0
    text = (root / "curation.toml").read_text("utf-8")
    assert text.count('feed = "shop"') == 4
    assert curate(root, "undo")[0] == 0
    assert curate(root, "merge", "c-20260301-002", "--into", "c-20260301-001")[0] == 2
    assert curate(root, "ignore", "c-20260301-002")[0] == 0
    assert curate(root, "list")[1].splitlines()[1:] == [
        "c-20260301-001 is called “money”",
        "c-20260301-002 is ignored",
        "c-20260301-001, c-20260301-002 under “all”",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ignore", "c-20260301-003"), "near it are c-20260301-002, c-20260301-001;"),
        (("ignore", "refund"), "near it are c-20260301-001;"),
        (("exclude", "d1", "c-20260301-002"), "'d1' is in c-20260301-001, not in c-20260301-002"),
        (("exclude", "d9", "c-20260301-002"), "no document 'd9' in its window"),
        (("pin", "c-20260301-001", " "), "must be a text with a letter or digit in it"),
        (("undo",), "nothing to undo"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_written(
    root: Path, words: tuple[str, ...], said: str
) -> None:
    code, output = curate(root, *words)
    assert code == 2
    assert said in output
    assert not (root / "curation.toml").exists()


def test_a_rule_that_rested_says_why(root: Path) -> None:
    rule = '[[ignore]]\ncluster = "c-20260301-009"\nfeed = "shop"\n'
    (root / "curation.toml").write_text(rule, encoding="utf-8")
    assert curate(root, "list") == (
        0,
        "rests: c-20260301-009 is ignored: c-20260301-009 is not there tonight\n",
    )
