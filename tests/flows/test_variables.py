"""Settings in the environment: over the file, below the options, and never lost in silence."""

from pathlib import Path

import pytest

from flows.config import load_config
from flows.toml_file import ConfigError

SAID = {"feed": "feed.jsonl", "store": "store"}


def test_a_variable_counts_more_than_the_file_and_less_than_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "nightfold.toml"
    file.write_text("window_days = 5\n[clustering]\nn_clusters = 4\ngranularity = 3\n")
    monkeypatch.setenv("NIGHTFOLD_WINDOW_DAYS", "6")
    monkeypatch.setenv("NIGHTFOLD_CLUSTERING__N_CLUSTERS", "7")
    monkeypatch.setenv("NIGHTFOLD_RANDOM_STATE", "")
    config = load_config(file, SAID | {"clustering.n_clusters": 8})
    assert (config.window_days, config.random_state) == (6, 0)
    assert (config.clustering.n_clusters, config.clustering.granularity) == (8, 3)
    assert load_config(file, SAID).clustering.n_clusters == 7


def test_lists_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTFOLD_WATCH", '[{"text": "fire"}]')
    assert load_config(None, SAID).watch[0].text == "fire"
    monkeypatch.setenv("NIGHTFOLD_WATCH", "fire")
    with pytest.raises(ConfigError, match="lists are written as JSON"):
        load_config(None, SAID)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "WINDOW_DAY",
            r"NIGHTFOLD_WINDOW_DAY is not a setting; did you mean NIGHTFOLD_WINDOW_DAYS\?",
        ),
        ("CLUSTERING_N_CLUSTERS", r"did you mean NIGHTFOLD_CLUSTERING__N_CLUSTERS\?"),
        (
            "CLUSTERING__GRANULARTY",
            r"in NIGHTFOLD_CLUSTERING__GRANULARTY is not .* clustering.granularity\?",
        ),
        ("WINDOW_DAYS", "window_days in NIGHTFOLD_WINDOW_DAYS must be a valid integer, got 'x'"),
    ],
)
def test_a_variable_that_makes_no_setting_is_an_error(
    monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.setenv(f"NIGHTFOLD_{name}", "x")
    with pytest.raises(ConfigError, match=said):
        load_config(None, SAID)


def test_variables_of_other_things_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "TITLES_URL", "TITLES_KEY", "OWN_STORE", "OWN_API", "WATCH_KEY"):
        monkeypatch.setenv(f"NIGHTFOLD_{name}", "http://localhost")
    assert load_config(None, SAID).watch == ()
