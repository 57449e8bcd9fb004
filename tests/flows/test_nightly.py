"""The flow, end to end, on small feeds: a real Prefect API, real suites, the real encoder.

What only reading or preparing decides is tested with their stages.
"""

import json
import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from prefect.settings import get_current_settings

from flows.cli.tables import published_files
from flows.clusters import recipe
from flows.config import NightlyConfig
from flows.modality.text import Text
from flows.nightly import nightly
from tasks.operating.doctor.examine import examine
from tasks.store.listing import read_retired
from tasks.store.storage import sha256_of
from tests.flows.processes import trained_briefly
from tests.flows.stages import stages
from validation.tables import cluster_schemas, schemas

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("prefect_api"),
]

TOPICS = {
    "battery": [
        "The battery dies before noon",
        "Charging takes the whole night",
        "The charger gets hot",
    ],
    "parcel": [
        "The parcel came a week late",
        "The courier left the box in the rain",
        "My delivery never arrived",
    ],
    "coffee": ["The coffee machine leaks", "The espresso tastes burnt", "The milk frother is loud"],
}
OPENINGS = ["Honestly,", "Well:", "After two weeks,", "Sadly", "To be fair,"]


def small_feed(start: int = 0) -> list[dict[str, Any]]:
    """45 documents about three things; another start gives other documents."""
    texts = [
        f"{opening} {text.lower()}, item {start + number}."
        for number, opening in enumerate(OPENINGS)
        for topic in TOPICS.values()
        for text in topic
    ]
    return [
        {"id": f"d{start + number:04d}", "text": text, "date": "2026-03-01", "stars": number % 5}
        for number, text in enumerate(texts)
    ]


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a night of a feed into the test's own store."""

    def run_night(feed: Path, night: str = "2026-03-01", **config: Any) -> Any:
        given = {
            "clustering": {"n_clusters": 3},
            "feed": str(feed),
            "store": tmp_path / "store",
            "night": night,
        }
        return nightly(NightlyConfig.model_validate(given | config))

    return run_night


def table(store: Path, name: str, night: str = "2026-03-01") -> pd.DataFrame:
    return pd.read_parquet(store / name / "feed=default" / f"night={night}", partitioning=None)


def manifest(store: Path, night: str = "2026-03-01") -> dict[str, Any]:
    path = store / "runs" / "feed=default" / f"night={night}" / "manifest.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def first_night(prefect_api: None, shared: Callable[..., Path]) -> Path:
    """A store with one published night, for tests that only read."""

    def publish(folder: Path) -> None:
        given = {
            "clustering": {"n_clusters": 3},
            "feed": str(write_jsonl(folder / "feed.jsonl", small_feed())),
            "store": folder / "store",
            "night": "2026-03-01",
        }
        with trained_briefly():
            nightly(NightlyConfig.model_validate(given))

    return shared("first-night", publish) / "store"


@pytest.fixture
def feed(first_night: Path, tmp_path: Path) -> Path:
    """The feed of the first night, which is published in the test's own store."""
    shutil.copytree(first_night, tmp_path / "store")
    return first_night.with_name("feed.jsonl")


def rows_of(store: Path, table: str) -> list[dict[str, Any]]:
    (file,) = published_files(store, table)
    return list(pq.read_table(file, partitioning=None).to_pylist())


def test_a_night_is_published_whole(first_night: Path) -> None:
    store = first_night
    said = manifest(store)
    assert said["counts"] == {
        "read": 45,
        "accepted": 45,
        "duplicate": 0,
        "quarantined": 0,
        "withdrawn": 0,
        "without_text": 0,
        "replaced": 0,
        "late": 0,
    }
    for name, ref in said["tables"].items():
        assert sha256_of(store / ref["path"]) == ref["sha256"], name
        assert pq.read_metadata(store / ref["path"]).num_rows == ref["rows"], name
    for model in said["models"].values():
        for ref in model.values():
            assert sha256_of(store / ref["path"]) == ref["sha256"]


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("documents", schemas.DOCUMENTS),
        ("duplicates", schemas.DUPLICATES),
        ("quarantine", schemas.QUARANTINE),
        ("assignments", cluster_schemas.ASSIGNMENTS),
        ("clusters", cluster_schemas.CLUSTERS),
        ("cluster_events", cluster_schemas.CLUSTER_EVENTS),
        ("metrics", schemas.METRICS),
        ("drift", schemas.DRIFT),
    ],
)
def test_published_tables_have_their_schemas(first_night: Path, name: str, schema: Any) -> None:
    found = pq.read_schema(first_night / manifest(first_night)["tables"][name]["path"])
    assert [found.field(field.name).type for field in schema] == [field.type for field in schema]


def test_every_document_has_a_cluster_with_a_name(first_night: Path) -> None:
    documents, assignments = table(first_night, "documents"), table(first_night, "assignments")
    clusters = table(first_night, "clusters")
    assert sorted(assignments.doc_id) == sorted(documents.doc_id)
    assert set(assignments.cluster_id) == set(clusters.cluster_id)
    assert clusters.name.is_unique
    assert clusters["size"].sum() == len(documents)
    assert assignments.confidence.between(0, 1).all()


def test_clusters_are_the_topics(first_night: Path) -> None:
    documents, assignments = table(first_night, "documents"), table(first_night, "assignments")
    position = documents.doc_id.str[1:].astype(int) % 9 // 3
    assert pd.crosstab(
        position, assignments.set_index("doc_id").cluster_id[documents.doc_id].to_numpy()
    ).max(axis=1).sum() == len(documents)


def test_tables_can_be_read_with_duckdb(first_night: Path) -> None:
    found = duckdb.sql(
        f"select name, count(*) from '{first_night}/assignments/*/*/*.parquet'"
        f" join '{first_night}/clusters/*/*/*.parquet' using (cluster_id) group by name"
    ).fetchall()
    assert sum(count for _, count in found) == 45


def test_metadata_is_carried_through_untouched(first_night: Path) -> None:
    documents = table(first_night, "documents").sort_values("doc_id")
    assert documents.stars.tolist() == [row["stars"] for row in small_feed()]
    assert str(documents.timestamp.iloc[0]) == "2026-03-01 00:00:00+00:00"


def test_the_same_night_again_changes_nothing_and_runs_nothing(
    run: Run, feed: Path, tmp_path: Path
) -> None:
    before = {
        path: path.stat().st_mtime_ns for path in (tmp_path / "store" / "runs").rglob("*.json")
    }
    again = run(feed)
    assert [record.stage for record in again.ran] == ["find feed", "publish", "report"]
    assert [record.stage for record in again.stages] == list(stages())
    assert not again.published.changed
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_same_night_is_the_same_on_another_day(
    run: Run, feed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store" / "runs" / "feed=default" / "night=2026-03-01" / "manifest.json"
    before = path.read_bytes(), path.stat().st_mtime_ns
    set_clocks(monkeypatch, timedelta(days=500))
    again = run(feed)
    assert [record.stage for record in again.ran] == ["find feed", "publish", "report"]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def set_clocks(monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    """Set every clock of ours forward, and leave Prefect's alone."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + ahead

    packages = ("flows.", "tasks.", "models.", "validation.")
    ours = [module for name, module in sys.modules.items() if name.startswith(packages)]
    for module in ours:
        if getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", Ahead)


def test_only_what_a_model_depends_on_forces_a_refit() -> None:
    def key(**embed: int) -> str:
        given = {"feed": "f.jsonl", "store": "s", "embed": embed}
        return recipe(NightlyConfig.model_validate(given), "d", Text()).key

    assert key(batch_size=8) == key()
    assert key(lexical_dim=8) != key()


def test_each_store_has_its_own_cache_in_one_process(run: Run, tmp_path: Path) -> None:
    feed = write_jsonl(tmp_path / "feed.jsonl", small_feed())
    stores = [tmp_path / name for name in ("store", "other")]
    elsewhere = get_current_settings().results.local_storage_path
    before = set(elsewhere.rglob("*"))
    for store in stores:
        assert "embed" in {it.stage for it in run(feed, store=store).ran}
    for store in stores:
        assert [it.stage for it in run(feed, store=store).ran] == ["find feed", "publish", "report"]
        assert examine(store) == []
    assert set(elsewhere.rglob("*")) == before


def test_a_changed_setting_runs_only_its_stage_and_what_follows(
    run: Run, feed: Path, tmp_path: Path
) -> None:
    again = run(feed, evaluate={"silhouette_tolerance": 0.5})
    assert [record.stage for record in again.ran][:2] == ["find feed", "evaluate"]
    again = run(feed, clustering={"n_clusters": 4})
    assert [record.stage for record in again.ran] == [
        "find feed", "drift", "pretrain", "refine", "rejoin", "evaluate", "describe", "curate",
        "mention", "insights", "watch", "near duplicates", "publish", "report",
    ]  # fmt: skip
    assert manifest(tmp_path / "store")["n_clusters"] == 4
    (kept,) = published_files(tmp_path / "store", "clusters")
    # Somebody may still be reading those that were replaced: the next prune removes them.
    waiting = read_retired(tmp_path / "store")
    files = (tmp_path / "store" / "clusters").rglob("*.parquet")
    assert {it.relative_to(tmp_path / "store").as_posix() for it in files if it != kept} <= waiting


def test_what_a_person_asks_for_and_decides_learns_nothing_anew(
    run: Run, feed: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    again = run(feed, watch=[{"text": "the"}])
    assert [record.stage for record in again.ran] == ["find feed", "watch", "publish", "report"]
    assert manifest(store)["watches"][0]["n_documents"] > 0
    first, second = (row["cluster_id"] for row in rows_of(store, "clusters")[:2])
    found = rows_of(store, "assignments")
    merge = f'[[merge]]\nclusters = ["{second}"]\ninto = "{first}"\n'
    (store / "curation.toml").write_text(merge, encoding="utf-8")
    again = run(feed)
    ran = [record.stage for record in again.ran]
    assert ran == [
        "find feed", "curate", "mention", "insights", "watch", "near duplicates", "publish", "report",
    ]  # fmt: skip
    assert manifest(store)["curation"]["in_force"] == [f"{second} belongs to {first}"]
    assert second not in {row["cluster_id"] for row in rows_of(store, "assignments")}
    assert rows_of(store, "found_assignments") == found
    (store / "curation.toml").unlink()
    run(feed)
    assert rows_of(store, "assignments") == found


def test_a_lost_stage_file_is_made_again(run: Run, feed: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "store" / "state" / "stages" / "refine").iterdir():
        path.unlink()
    again = run(feed)
    assert "refine" in [record.stage for record in again.ran]
    assert not again.published.changed


def test_a_damaged_published_file_is_replaced(run: Run, feed: Path, tmp_path: Path) -> None:
    path = next((tmp_path / "store" / "clusters").rglob("*.parquet"))
    good = path.read_bytes()
    path.write_bytes(b"PAR1 damaged")
    assert run(feed).published.changed
    assert path.read_bytes() == good


@pytest.mark.usefixtures("feed")
def test_ids_last_from_night_to_night(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    run(write_jsonl(tmp_path / "two.jsonl", small_feed(start=100)), night="2026-03-02")
    first, second = table(store, "clusters"), table(store, "clusters", "2026-03-02")
    assert set(first.cluster_id) == set(second.cluster_id)
    assert dict(zip(first.cluster_id, first.name, strict=True)) == dict(
        zip(second.cluster_id, second.name, strict=True)
    )
    assert second["size"].sum() == 90
    assert second.growth.sum() == 45
    assignments = table(store, "assignments", "2026-03-02")
    assert assignments.is_new.sum() == 45


@pytest.mark.usefixtures("feed")
def test_a_growing_feed_adds_only_what_is_new(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    run(
        write_jsonl(tmp_path / "feed.jsonl", small_feed() + small_feed(start=100)),
        night="2026-03-02",
    )
    assert manifest(store, "2026-03-02")["counts"] == {
        "read": 90, "accepted": 45, "duplicate": 45, "quarantined": 0,
        "withdrawn": 0, "without_text": 0, "replaced": 0, "late": 0,
    }  # fmt: skip
    duplicates = table(store, "duplicates", "2026-03-02")
    assert set(duplicates.kind) == {"same_row"}
    assert set(duplicates.first_night) == {"2026-03-01"}


def test_a_night_that_brings_nothing_new_continues(run: Run, feed: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    run(feed, night="2026-03-02")
    again = manifest(store, "2026-03-02")
    assert (again["counts"]["accepted"], again["counts"]["duplicate"]) == (0, 45)
    assert again["fit"]["kind"] == "warm"
    first, second = table(store, "clusters"), table(store, "clusters", "2026-03-02")
    assert set(second.status) == {"survived"}
    assert dict(zip(first.cluster_id, first["size"], strict=True)) == dict(
        zip(second.cluster_id, second["size"], strict=True)
    )


@pytest.mark.usefixtures("feed")
def test_the_window_forgets_old_nights(run: Run, tmp_path: Path) -> None:
    run(
        write_jsonl(tmp_path / "two.jsonl", small_feed(start=100)),
        night="2026-03-05",
        window_days=3,
    )
    assert len(table(tmp_path / "store", "assignments", "2026-03-05")) == 45


def test_one_document_is_one_cluster(run: Run, tmp_path: Path) -> None:
    run(write_jsonl(tmp_path / "feed.jsonl", small_feed()[:1]), clustering={"n_clusters": "auto"})
    assert table(tmp_path / "store", "clusters")["size"].tolist() == [1]


def test_three_identical_documents_are_one_cluster(run: Run, tmp_path: Path) -> None:
    rows = [small_feed()[0] | {"id": name} for name in "abc"]
    run(write_jsonl(tmp_path / "feed.jsonl", rows), clustering={"n_clusters": "auto"})
    documents = table(tmp_path / "store", "documents")
    assert documents.duplicate_of.tolist() == [None, "a", "a"] or documents.duplicate_of.isna().tolist() == [
        True, False, False,
    ]  # fmt: skip
    assert table(tmp_path / "store", "clusters")["size"].tolist() == [3]
    assert manifest(tmp_path / "store")["counts"]["duplicate"] == 2


def assert_nothing_is_published(store: Path) -> None:
    assert not list(store.glob("runs/**/manifest.json"))
    assert not list(store.glob("documents/**/*.parquet"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "rows_present"),
        (bytes(range(256)) * 50, "refused_share"),
        (b'{"id": 1, "text": ""}\n' * 5, "without_text_share"),
        (b'{"id": "a", "txt": "hello"}\n', "no column that looks like text"),
    ],
    ids=["empty file", "binary file", "all rows bad", "no text column"],
)
def test_a_feed_that_cannot_be_used_publishes_nothing(
    run: Run, tmp_path: Path, content: bytes, sentence: str
) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        run(feed)
    assert_nothing_is_published(tmp_path / "store")


def test_more_clusters_than_documents_are_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"n_clusters.*100.*|n_clusters.*45"):
        run(write_jsonl(tmp_path / "feed.jsonl", small_feed()), clustering={"n_clusters": 100})
    assert_nothing_is_published(tmp_path / "store")


def test_an_estimator_for_comparison_runs_in_the_flow(run: Run, tmp_path: Path) -> None:
    run(
        write_jsonl(tmp_path / "feed.jsonl", small_feed()),
        clustering={"estimator": "idec", "n_clusters": 3},
    )
    assert len(table(tmp_path / "store", "assignments")) == 45
