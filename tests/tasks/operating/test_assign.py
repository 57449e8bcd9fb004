"""Placing without a model: what is prepared, what is known. With real models: tests/flows/cli/test_operate.py."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tasks.groups.values import OTHERS
from tasks.operating.assign import assign, prepare_documents, read_known
from tasks.operating.placeable import Texts
from tasks.operating.trial import Trial
from tasks.store.storage import Store
from validation.report import DataValidationError

PublishNight = Callable[..., dict[str, Any]]
CONFIG: dict[str, Any] = {"ingest": {}, "check": {}, "prepare": {}}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def prepare_feed(
    feed: str, config: dict[str, Any], scratch: Path, groups: Sequence[str] = ()
) -> tuple[pa.Table, int, int]:
    return prepare_documents(Texts().trial(feed, config, scratch), config, groups)


def test_a_feed_is_prepared_as_a_night_prepares_it(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "text": "<b>The battery</b>   dies"},
        {"id": 1, "text": "<b>The battery</b>   dies"},
        {"id": 2, "text": "The battery dies"},
        {"id": 3, "text": "\u200b"},
        {"id": 1, "text": "Another text under an id of this feed"},
        *({"id": number, "text": f"Sound row {number}"} for number in range(10, 20)),
    ]
    feed = write_rows(tmp_path / "feed.jsonl", rows)
    documents, n_refused, _ = prepare_feed(feed, CONFIG, tmp_path / "scratch")
    assert documents["doc_id"].to_pylist()[:2] == ["1", "2"]
    assert documents["text"].to_pylist()[:2] == ["The battery dies"] * 2
    assert (documents.num_rows, n_refused) == (12, 2)


def test_the_settings_are_those_of_the_night(tmp_path: Path) -> None:
    feed = write_rows(tmp_path / "feed.jsonl", [{"key": "a", "body": "word " * 100}])
    columns = {"ingest": {"columns": {"doc_id": "key", "text": "body"}}}
    config = CONFIG | columns | {"prepare": {"max_text_chars": 100}}
    documents, _, _ = prepare_feed(feed, config, tmp_path / "scratch")
    assert len(documents["text"][0].as_py()) <= 100


def test_of_a_mail_what_the_night_embeds_is_placed(tmp_path: Path) -> None:
    rows = [{"id": 1, "text": "It leaks\n> Dear Ann"}, {"id": 2, "text": "It is loud"}]
    feed, config = write_rows(tmp_path / "feed.jsonl", rows), CONFIG | {"prepare": {"mail": True}}
    documents, _, _ = prepare_feed(feed, config, tmp_path / "scratch")
    assert documents["text"].to_pylist() == ["It leaks", "It is loud"]


def test_documents_are_in_the_groups_of_the_night(tmp_path: Path) -> None:
    apps = ["maps", "shop", "new", None, 7]
    rows = [{"id": it, "text": f"Sound row {it}", "app": app} for it, app in enumerate(apps)]
    feed = write_rows(tmp_path / "feed.jsonl", rows)
    config = CONFIG | {"clustering": {"by": "app"}}
    documents, _, _ = prepare_feed(feed, config, tmp_path / "one", ["maps", OTHERS, "7"])
    assert documents["group"].to_pylist() == ["maps", OTHERS, OTHERS, OTHERS, "7"]
    documents, _, _ = prepare_feed(feed, config, tmp_path / "two", ["maps"])
    assert documents["group"].to_pylist() == ["maps", None, None, None, None]
    elsewhere = CONFIG | {"clustering": {"by": "no such column"}}
    documents, _, _ = prepare_feed(feed, elsewhere, tmp_path / "three", [OTHERS])
    assert set(documents["group"].to_pylist()) == {OTHERS}


class AsEver(Texts):
    """Texts that are read with the settings of these tests."""

    def trial(self, feed: str, config: Mapping[str, Any], scratch: Path) -> Trial:
        return super().trial(feed, CONFIG, scratch)


def test_a_feed_that_is_broken_as_a_whole_is_refused(
    store: Store, publish_night: PublishNight, tmp_path: Path
) -> None:
    publish_night(2, ["a", "b"])
    feed = write_rows(tmp_path / "feed.jsonl", [{"id": 1, "text": ""}] * 3)
    error = f"feed '{feed}' fails the raw check, so nothing is placed: without_text_share .* text_present"
    with pytest.raises(DataValidationError, match=error):
        assign(store, feed, tmp_path / "scratch", AsEver())


def test_what_was_published_is_known_by_its_text(store: Store, publish_night: PublishNight) -> None:
    publish_night(1, ["a", "b"])
    publish_night(2, ["c"], window=["b"])
    known = read_known(store, store.read_manifest())
    assert {key: cluster for key, (cluster, *_) in known.items()} == {
        (None, "digest of b"): "c-1",
        (None, "digest of c"): "c-2",
    }


def test_a_text_that_was_a_remark_is_known_as_one(
    store: Store, publish_night: PublishNight
) -> None:
    publish_night(2, ["a", "b", "good"], remarks=["good"])
    known = read_known(store, store.read_manifest())
    assert known[None, "digest of good"] == ("remarks", 1.0, 1.0)
    assert known[None, "digest of a"][0] == "c-1"


def test_placing_needs_no_prefect() -> None:
    """Importing Prefect makes its home and takes seconds; nothing here runs as a task."""
    code = "import sys, tasks.operating.assign; sys.exit('prefect' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
