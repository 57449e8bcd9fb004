"""Several feeds in one file: what each is set to, and that one that fails leaves the others be."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.config import load_config
from flows.feeds import feed_names, settings_in
from flows.toml_file import ConfigError
from tasks.store.storage import Store

TWO = """
store = "{0}/store"
[ingest.columns]
text = "body"
[ingest]
delimiter = ";"
[[feeds]]
name = "shop"
feed = "{0}/shop.csv"
[[feeds]]
name = "support"
feed = "{0}/support.csv"
window_days = 7
[feeds.ingest.columns]
text = "message"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def written(text: str) -> Path:
        path = tmp_path / "nightfold.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_each_feed_has_what_is_said_of_it_over_what_is_said_of_all(
    write: Callable[[str], Path], tmp_path: Path
) -> None:
    file = write(TWO.format(tmp_path))
    assert feed_names(file) == ["shop", "support"]
    shop, support = (load_config(file, {"feed_name": name}) for name in feed_names(file))
    assert (shop.feed_name, shop.feed, shop.window_days) == ("shop", f"{tmp_path}/shop.csv", 30)
    assert (support.feed, support.window_days) == (f"{tmp_path}/support.csv", 7)
    assert shop.store == support.store == tmp_path / "store"
    assert (shop.ingest.columns.text, support.ingest.columns.text) == ("body", "message")
    assert shop.ingest.delimiter == support.ingest.delimiter == ";"


def test_a_file_with_one_feed_takes_any_name(write: Callable[[str], Path]) -> None:
    file = write("feed = 'a.csv'\n")
    assert feed_names(file) == feed_names(None) == []
    assert settings_in(file, "shop") == settings_in(file, None) == {"feed": "a.csv"}
    assert settings_in(None, "shop") == {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (None, r"has the feeds shop, support; name one with --feed-name"),
        ("shops", r"has the feeds shop, support; none is named 'shops'"),
    ],
)
def test_where_there_are_several_one_has_to_be_named(
    write: Callable[[str], Path], tmp_path: Path, name: str | None, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        load_config(write(TWO.format(tmp_path)), {"feed_name": name})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[feeds]]\nfeed = 'a'\n", r"feeds.name in .* must be a name .*, got None in number 1"),
        ("[[feeds]]\nname = 'a'\n[[feeds]]\nname = 'a'\n", r"got 'a' in number 2"),
        ("[[feeds]]\nname = 3\n", r"got 3 in number 1"),
        ("feeds = ['a']\n", r"must be written as \[\[feeds\]\]"),
        ("feed = 'b'\n[[feeds]]\nname = 'a'\n", r"feed in .* must stand in one of \[\[feeds\]\]"),
        ("feeds = 3\n", r"must be written as \[\[feeds\]\]"),
        ("feed_name = 'b'\n[[feeds]]\nname = 'a'\n", r"feed_name in .* must stand in one of"),
        ("[[feeds]]\nname = 'a'\nnight = 2026-03-01\n", r"feeds.night in .* share store and night"),
        ("[[feeds]]\nname = 'a'\nstore = 'b'\n", r"feeds.store in .* share store and night"),
        ("[[feeds]]\nname = 'a'\nfeed_name = 'b'\n", r"feeds.feed_name in .* must not stand"),
    ],
)
def test_what_cannot_be_is_said(write: Callable[[str], Path], text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        feed_names(write(text))


def test_an_unknown_key_of_a_feed_is_named(write: Callable[[str], Path], tmp_path: Path) -> None:
    file = write(TWO.format(tmp_path).replace("window_days", "window_day"))
    with pytest.raises(ConfigError, match=r"window_day in .* did you mean window_days"):
        load_config(file, {"feed_name": "support"})


@pytest.mark.slow
def test_all_feeds_of_a_file_run_in_turn_and_one_that_fails_leaves_the_others_be(
    invoke: Callable[..., Any],
    write: Callable[[str], Path],
    write_night: Callable[[Path, int], Path],
    tmp_path: Path,
) -> None:
    file = write(
        f"store = '{tmp_path}/store'\nnight = 2026-03-01\n[clustering]\nestimator = 'k-means'\n"
        f"n_clusters = 3\n[[feeds]]\nname = 'gone'\nfeed = '{tmp_path}/nowhere.jsonl'\n"
        f"[[feeds]]\nname = 'here'\nfeed = '{write_night(tmp_path / 'here.jsonl', 1)}'\n"
    )
    done = invoke("run", "--config", file)
    assert done.exit_code == 2
    assert "feed gone: " in done.stderr
    assert "nowhere.jsonl is not there" in done.stderr
    assert "3 clusters on 2026-03-01" in done.stdout
    store = Store(root=tmp_path / "store", feed="here", night=date(2026, 3, 1))
    assert store.published_nights() == [date(2026, 3, 1)]
    alone = invoke("run", "--config", file, "--feed-name", "gone")
    assert (alone.exit_code, "3 clusters" in alone.stdout) == (2, False)
