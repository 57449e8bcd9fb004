"""What a command says counts before what its file says."""

from pathlib import Path

import pytest

from flows.toml_file import ConfigError, read_toml, stated


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nightfold.toml"
    path.write_text("feed = 'in.csv'\nstore = ['https://me:hunter2@host/']\n", encoding="utf-8")
    return path


def test_the_command_line_comes_first(file: Path) -> None:
    assert stated("feed", "other.csv", read_toml(file), file) == "other.csv"
    assert stated("feed", None, read_toml(file), file) == "in.csv"


def test_what_nobody_says_is_missing(file: Path) -> None:
    for key, given in (("night", file), ("feed", None)):
        with pytest.raises(ConfigError, match=f"{key} is missing; set it on the command line"):
            stated(key, None, read_toml(given) if given else {}, given)


def test_what_is_no_text_is_refused_without_its_secrets(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"store in .* must be a valid string") as refused:
        stated("store", None, read_toml(file), file)
    assert "hunter2" not in str(refused.value)
