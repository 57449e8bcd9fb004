"""Whether a night that is asked for again would do nothing; a change of anything makes it run."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows import unchanged
from flows.unchanged import is_unchanged
from tasks.store.records import records_folder
from tests.flows.conftest import Operated

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def first(root: Path, pattern: str) -> Path:
    return sorted(root.glob(pattern))[0]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


DAMAGES: dict[str, Callable[[Operated], object]] = {
    "another curation": lambda it: (it.store / "curation.toml").write_text("# nothing yet\n"),
    "a published table": lambda it: cut_short(
        first(it.store, "clusters/feed=default/night=2026-03-02/*.parquet")
    ),
    "the manifest": lambda it: cut_short(
        first(it.store, "runs/feed=default/night=2026-03-02/manifest.json")
    ),
    "the copy of the manifest": lambda it: first(
        it.store, "state/copies/runs/feed=default/night=2026-03-02/manifest.json"
    ).unlink(),
    "the copy of the summary": lambda it: cut_short(
        first(it.store, "state/copies/reports/feed=default/night=2026-03-02/*.md")
    ),
    "the documents of an earlier night": lambda it: cut_short(
        first(it.store, "documents/feed=default/night=2026-03-01/*.parquet")
    ),
    "the manifest of an earlier night": lambda it: cut_short(
        first(it.store, "runs/feed=default/night=2026-03-01/manifest.json")
    ),
    "a stage file": lambda it: first(it.store, "state/stages/refine/*.parquet").unlink(),
    "a cache record": lambda it: first(
        it.store, "state/results/feed=default/night=2026-03-02/refine-v*"
    ).unlink(),
    "the record of the night": lambda it: cut_short(
        first(it.store, "state/results/feed=default/night=2026-03-02/night-v*")
    ),
    "vectors": lambda it: shutil.rmtree(it.store / "embeddings"),
}
"""What is other than it was → how it came to be so."""


def test_a_night_of_the_same_inputs_is_unchanged_and_looking_changes_nothing(
    two_nights: Operated,
) -> None:
    before = {it: it.stat().st_mtime_ns for it in two_nights.store.rglob("*") if it.is_file()}
    assert is_unchanged(two_nights.config(2))
    after = {it: it.stat().st_mtime_ns for it in two_nights.store.rglob("*") if it.is_file()}
    assert {it.name for it in before if before[it] != after[it]} <= {"run.lock"}
    assert set(after) - set(before) <= {two_nights.store / "state" / "run.lock"}


def test_a_night_before_the_last_is_left_to_the_run(two_nights: Operated) -> None:
    assert not list(records_folder(two_nights.config(1).tonight()).glob("night-v*"))
    assert not is_unchanged(two_nights.config(1))


@pytest.mark.parametrize("change", [{"random_state": 1}, {"watch": [{"text": "the"}]}])
def test_another_setting_is_a_change(two_nights: Operated, change: dict[str, Any]) -> None:
    assert not is_unchanged(two_nights.config(2, **change))


def test_other_code_is_a_change(two_nights: Operated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanged, "code_digest", lambda: "of another version")
    assert not is_unchanged(two_nights.config(2))


def test_another_feed_is_a_change(operated: Operated) -> None:
    config = operated.config(2)
    assert is_unchanged(config)
    with Path(config.feed).open("a", encoding="utf-8") as file:
        file.write('{"id": "new", "text": "The kettle whistles."}\n')
    assert not is_unchanged(config)


@pytest.mark.parametrize("what", DAMAGES)
def test_what_was_lost_or_damaged_makes_the_night_run(operated: Operated, what: str) -> None:
    config = operated.config(2)
    DAMAGES[what](operated)
    assert not is_unchanged(config)
