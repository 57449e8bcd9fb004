from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.operating.doctor.examine import examine, repair_all
from tasks.store.followed import followed_problem, record_path
from tasks.store.sealed import write_sealed
from tasks.store.storage import Store

PublishNight = Callable[..., dict[str, Any]]


@pytest.fixture
def reported(store: Store, publish_night: PublishNight, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return a sound night that should have a report and has none; a fake page is made of it."""
    night = SimpleNamespace(manifest=SimpleNamespace(has_texts=True))
    monkeypatch.setattr("tasks.publishing.report_files.read_whole_night", lambda _store: night)
    monkeypatch.setattr("tasks.publishing.report_files.show_pictures", lambda _night: None)
    monkeypatch.setattr(
        "tasks.publishing.report_files.render", lambda _night: {"index.html": b"page"}
    )
    manifest = publish_night(2, ["a"])
    config = manifest["config"] | {"report": {"enabled": True}}
    write_sealed(store.manifest_path(), manifest | {"config": config})
    repair_all(store.root)  # stage files that no record names
    record_path(store).unlink()
    return store


def test_a_report_that_is_gone_is_made_again(reported: Store) -> None:
    (finding,) = [it for it in examine(reported.root) if it.rule == "report"]
    assert finding.line().endswith("it is not there; --repair makes the report again")
    repair_all(reported.root)
    assert followed_problem(reported) is None
    assert examine(reported.root) == []


@pytest.mark.parametrize("name", ["followed.json", "index.html"])
def test_a_folder_in_the_place_of_a_report_goes_to_the_trash(reported: Store, name: str) -> None:
    path = reported.partition("reports") / name
    path.unlink(missing_ok=True)
    path.mkdir()
    (path / "a").write_text("not ours")
    _, left = repair_all(reported.root)
    assert left == []
    assert path.is_file()
    assert [it.read_text() for it in reported.root.glob("trash/**/a")] == ["not ours"]


def test_a_report_is_made_again_after_all_that_it_shows(
    reported: Store, publish_night: PublishNight, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_night(1, ["z"])
    before = reported.on(date(2026, 3, 1))
    manifest = before.manifest_path()
    (clusters,) = before.partition("clusters").iterdir()
    there: list[bool] = []
    monkeypatch.setattr(
        "tasks.publishing.report_files.render",
        lambda _night: there.append(manifest.is_file() and clusters.is_file()) or {},
    )
    manifest.unlink()  # that a table is lost is found once it is there again
    clusters.unlink()
    (finding,) = [it for it in examine(reported.root) if it.rule == "report"]
    assert not finding.is_repairable
    assert "--repair makes it again once all else of its feed is whole" in finding.line()
    _, left = repair_all(reported.root)
    assert (there, left) == ([True], [])


def test_a_night_without_reports_lacks_none(store: Store, publish_night: PublishNight) -> None:
    publish_night(2, ["a"])
    assert "report" not in [it.rule for it in examine(store.root)]
