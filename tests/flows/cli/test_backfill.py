"""The nights of the past: in order, skipping what is there, stopping where one fails."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.cli import backfill
from flows.cli.backfill import BackfillStoppedError, Past, configured_nights, run_nights
from flows.toml_file import ConfigError
from tasks.store.files import write_atomically
from tasks.store.manifests import FORMAT_VERSION
from tasks.store.pruned import PrunedNight, write_pruned
from tasks.store.sealed import seal
from tasks.store.storage import Ref

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

MANIFEST = {
    "format_version": FORMAT_VERSION, "counts": {}, "tables": {}, "models": {}, "fit": None,
    "encoder": {"name": "E", "digest": "0"}, "labels": {"published": "refined"},
    "config": {"window_days": 30}, "feed": "default", "night": "2026-02-28",
    "run": {"published_at": "2026-02-28T03:00:00+00:00"},
}  # fmt: skip


def no_night(config: Any) -> Any:
    raise AssertionError(f"night {config.night} must not run")


@pytest.fixture
def nights(tmp_path: Path) -> list[Any]:
    """Three nights of a feed that has no parts yet."""
    past = Past(f"{tmp_path}/r-{{night}}.jsonl", date(2026, 2, 28), date(2026, 3, 2))
    return configured_nights(past, None, {"store": str(tmp_path / "store"), "feed_name": None})


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the nights instead of running them."""
    noted: list[str] = []
    monkeypatch.setattr(
        backfill, "_run", lambda config, _run_night: noted.append(str(config.night))
    )
    return noted


def test_every_night_has_its_part_of_the_feed(nights: list[Any], tmp_path: Path) -> None:
    assert [(str(it.night), it.feed) for it in nights] == [
        (night, f"{tmp_path}/r-{night}.jsonl")
        for night in ("2026-02-28", "2026-03-01", "2026-03-02")
    ]


def test_nights_run_in_order_and_published_ones_are_skipped(
    nights: list[Any], ran: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_atomically(nights[0].tonight().manifest_path(), seal(MANIFEST))
    write_atomically(nights[1].tonight().manifest_path(), b"cut sho")
    run_nights(nights, no_night)
    assert ran == ["2026-03-01", "2026-03-02"]
    assert "night 2026-02-28: published already, skipped" in capsys.readouterr().out


def test_pruned_nights_are_skipped_too(nights: list[Any], ran: list[str]) -> None:
    store = nights[0].tonight()
    path = f"known/feed={store.feed}/night={store.night}/a.parquet"
    known = Ref(path=path, sha256="a", rows=1)
    write_pruned(store, [PrunedNight(night=nights[0].night, known=known)])
    run_nights(nights, no_night)
    assert ran == ["2026-03-01", "2026-03-02"]


def test_the_first_failing_night_stops_the_rest(
    nights: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def run(config: Any, _run_night: Any) -> str:
        tried.append(config.night.day)
        if config.night.day == 1:
            raise RuntimeError("no luck")
        return "done"

    monkeypatch.setattr(backfill, "_run", run)
    with pytest.raises(
        BackfillStoppedError, match="night 2026-03-01 failed: RuntimeError: no luck"
    ):
        run_nights(nights, no_night)
    assert tried == [28, 1]


@pytest.mark.parametrize(
    ("pattern", "first", "said"),
    [
        ("r.jsonl", 1, "must name another feed every night"),
        ("r-{night:%Y}.jsonl", 1, "must name another feed every night"),
        ("r-{night}.jsonl", 9, "--to must not be before --from 2026-03-09, got 2026-03-02"),
        ("ftp://me:secret@host/{night}", 1, "without a password"),
    ],
)
def test_what_cannot_be_backfilled_is_bad_usage(pattern: str, first: int, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        configured_nights(
            Past(pattern, date(2026, 3, first), date(2026, 3, 2)), None, {"store": "s"}
        )


def test_a_real_store_goes_on_where_it_stopped(
    operated: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows.nightly import nightly

    configs = [operated.config(night) for night in (1, 2, 3, 4)]
    Path(configs[-1].feed).unlink()
    with pytest.raises(BackfillStoppedError, match=r"night 2026-03-04.*is not there"):
        run_nights(configs, nightly)
    said = capsys.readouterr().out
    assert said.count("published already, skipped") == 2
    assert (
        "night 2026-03-03: read 27 = accepted 27 + duplicate 0 + quarantined 0; 3 clusters" in said
    )


def test_a_failing_night_is_exit_code_1_and_bad_usage_2(
    invoke: Callable[..., Any], tmp_path: Path
) -> None:
    words = ("--from", "2026-03-01", "--to", "2026-03-02", "--store", tmp_path / "store")
    done = invoke("backfill", tmp_path / "r-{night}.jsonl", *words)
    assert done.exit_code == 1
    assert "night 2026-03-01 failed" in done.stderr
    assert "Traceback" not in done.stderr
    assert invoke("backfill", tmp_path / "r.jsonl", *words).exit_code == 2
