"""Where each setting comes from."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.origins import key_lines, settings_with_origins

TWO_FEEDS = """\
store = "s"
"window_days" = 14

[clustering]
n_clusters = 40

[[feeds]]
name = "a"
feed = "a.jsonl"
encoder = "mine"

[[feeds]]
name = "b"
feed = "b.jsonl"
[feeds.clustering]
granularity = 3
"""


def test_lines_of_keys_in_tables_and_lists() -> None:
    lines = key_lines(TWO_FEEDS)
    assert (lines["window_days"], lines["clustering.n_clusters"]) == (2, 5)
    assert (lines["feeds.0.encoder"], lines["feeds.1.feed"]) == (10, 14)
    assert lines["feeds.1.clustering.granularity"] == 16


def test_each_setting_says_where_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "nightfold.toml"
    file.write_text(TWO_FEEDS)
    monkeypatch.setenv("NIGHTFOLD_REFIT__EVERY_NIGHTS", "3")
    given = {"feed_name": "b", "night": "2026-03-01", "store": None}
    found = {it.key: it for it in settings_with_origins(file, given)}
    origin = {key: (it.value, it.source, it.where) for key, it in found.items()}
    assert origin["window_days"] == (14, "file", f"{file}:2")
    assert origin["clustering.granularity"] == (3, "file", f"{file}:16")
    assert origin["clustering.n_clusters"] == (40, "file", f"{file}:5")
    assert origin["refit.every_nights"] == (3, "environment", "NIGHTFOLD_REFIT__EVERY_NIGHTS")
    assert origin["night"] == ("2026-03-01", "option", "")
    assert origin["encoder"] == ("all-MiniLM-L6-v2", "default", "")


def test_settings_can_be_looked_at_before_there_is_a_feed() -> None:
    done = CliRunner().invoke(app, ["config", "show"])
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "feed = not set" in lines
    assert "window_days = 30  # default" in lines
