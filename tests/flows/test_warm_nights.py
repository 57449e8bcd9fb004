"""Nights that go on from the night before, and what brings a fit from nothing."""

import json
import logging
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from flows.config import NightlyConfig
from flows.nightly import nightly
from tasks.operating.placing import place_texts
from tasks.store.storage import Store, sha256_of
from tests.flows.processes import trained_briefly

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("prefect_api"),
]


@pytest.fixture(scope="module", autouse=True)
def short_training() -> None:
    """Train as long as a night does: here the clusters must be good."""


SUBJECTS = (
    "the battery dies before noon", "charging takes the whole night", "the charger gets hot",
    "the parcel came a week late", "the courier left the box outside", "my delivery never arrived",
    "the coffee machine leaks", "the espresso tastes burnt", "the milk frother is loud",
)  # fmt: skip
NEW_SUBJECTS = ("the garden hose bursts", "the lawn mower stalls", "weeds grow in the flower bed")
OPENINGS = ("Sadly", "Well,", "Again", "Honestly,", "To be fair,", "Sorry, but", "Once more", "Hm,")


def documents(subjects: tuple[str, ...], n_openings: int, night: int) -> list[dict[str, str]]:
    return [
        {"id": f"n{night}-{number}", "text": f"{opening} {subject}, order {night}{number}."}
        for number, (opening, subject) in enumerate(
            (opening, subject) for opening in OPENINGS[:n_openings] for subject in subjects
        )
    ]


NIGHTS: dict[int, list[dict[str, Any]]] = {
    1: documents(SUBJECTS, 8, 1),
    2: documents(SUBJECTS, 2, 2),
    3: documents(NEW_SUBJECTS, 8, 3),
    4: documents(SUBJECTS + NEW_SUBJECTS, 8, 4),
}
# A theme is withdrawn: as many clusters as before cut another one in two.
NIGHTS[5] = [
    *documents(SUBJECTS[3:] + NEW_SUBJECTS, 2, 5),
    *(
        {"id": row["id"], "deleted": True}
        for row in NIGHTS[4]
        if any(subject in row["text"] for subject in SUBJECTS[:3])
    ),
]


def run(folder: Path, night: int, **config: Any) -> Any:
    """Run a night, with three clusters unless something else is asked for."""
    feed = folder / "feed" / f"{night}.jsonl"
    feed.parent.mkdir(parents=True, exist_ok=True)
    feed.write_text("".join(json.dumps(row) + "\n" for row in NIGHTS[night]), encoding="utf-8")
    given = {
        "clustering": {"n_clusters": 3},
        "feed": str(feed),
        "store": folder / "store",
        "night": f"2026-03-0{night}",
    }
    return nightly(NightlyConfig.model_validate(given | config))


def fit_of(folder: Path, night: int) -> dict[str, Any]:
    store = Store(root=folder / "store", feed="default", night=date(2026, 3, night))
    fit = store.read_manifest().fit
    assert fit is not None
    return fit


def clusters_of(folder: Path, night: int) -> pd.Series:
    """doc_id → cluster_id, of a night."""
    where = folder / "store" / "assignments" / "feed=default" / f"night=2026-03-0{night}"
    return pd.read_parquet(where, partitioning=None).set_index("doc_id").cluster_id


def drift_of(folder: Path, night: int) -> list[dict[str, Any]]:
    where = folder / "store" / "drift" / "feed=default" / f"night=2026-03-0{night}"
    return pq.read_table(where, partitioning=None).to_pylist()


@pytest.fixture(scope="session")
def first_night(prefect_api: None, shared: Callable[..., Path]) -> Path:
    return shared("first-warm", lambda folder: run(folder, 1))


@pytest.fixture(scope="session")
def two_nights(first_night: Path, shared: Callable[..., Path]) -> Path:
    """A warm second night, for tests that only read."""

    def run_second(folder: Path) -> None:
        shutil.copytree(first_night / "store", folder / "store")
        run(folder, 2)

    return shared("second-warm", run_second)


@pytest.fixture
def folder(first_night: Path, tmp_path: Path) -> Path:
    """A copy of the first night."""
    shutil.copytree(first_night / "store", tmp_path / "store")
    return tmp_path


def test_a_quiet_night_goes_on_and_a_new_theme_rings(
    two_nights: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path
    shutil.copytree(two_nights / "store", folder / "store")
    assert fit_of(folder, 1)["reason"] == "the first night"
    fit = fit_of(folder, 2)
    assert (fit["kind"], fit["since"]) == ("warm", "2026-03-01")
    assert all(figure["value"] <= figure["limit"] for figure in fit["drift"])
    first, second = clusters_of(folder, 1), clusters_of(folder, 2)
    assert (second[first.index] == first).mean() > 0.95
    assert len(second) == len(NIGHTS[1]) + len(NIGHTS[2])
    with caplog.at_level(logging.WARNING):
        run(folder, 3, clustering={"n_clusters": 3})
    assert "drift alarm: far_share" in caplog.text
    fit = fit_of(folder, 3)
    assert (fit["kind"], fit["since"]) == ("full", "2026-03-03")
    assert "far_share" in fit["reason"]
    assert drift_of(folder, 1) == []
    for night in (2, 3):
        told = [
            it | {"is_alarm": it["value"] > it["limit"], "group": None}
            for it in fit_of(folder, night)["drift"]
        ]
        assert drift_of(folder, night) == told
    assert any(row["is_alarm"] for row in drift_of(folder, 3))


def test_a_warm_night_again_changes_nothing(two_nights: Path) -> None:
    folder = two_nights
    files = {path: sha256_of(path) for path in (folder / "store").rglob("night=2026-03-02/*.*")}
    assert not run(folder, 2).published.changed
    assert files == {
        path: sha256_of(path) for path in (folder / "store").rglob("night=2026-03-02/*.*")
    }


def test_a_warm_model_places_what_it_published(two_nights: Path, tmp_path: Path) -> None:
    from tasks.operating.assign import assign
    from tasks.operating.placeable import Texts

    folder = two_nights
    store = Store(root=folder / "store", feed="default", night=date(2026, 3, 2))
    fresh = [row | {"id": f"x{row['id']}", "text": row["text"] + " Yes."} for row in NIGHTS[2]]
    (tmp_path / "fresh.jsonl").write_text("".join(json.dumps(row) + "\n" for row in fresh))
    placed = assign(store, str(tmp_path / "fresh.jsonl"), tmp_path / "scratch", Texts()).table
    published = clusters_of(folder, 2)
    expected = [published[doc_id[1:]] for doc_id in placed["doc_id"].to_pylist()]
    assert placed["cluster_id"].to_pylist() == expected


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (
            {"clustering": {"n_clusters": 4}},
            "the settings, the encoder or nightfold itself changed",
        ),
        ({"refit": {"every_nights": 1}}, "due every night, last on 2026-03-01"),
        ({"refit": {"max_new_share": 0.1}}, "drift since 2026-03-01: new_share 0.200 > 0.1"),
    ],
)
def test_why_a_night_is_fitted_from_nothing(
    folder: Path, config: dict[str, Any], reason: str
) -> None:
    with trained_briefly():
        run(folder, 2, **config)
    assert fit_of(folder, 2)["kind"] == "full"
    assert fit_of(folder, 2)["reason"] == reason


def test_a_lost_model_is_learned_again(folder: Path) -> None:
    shutil.rmtree(folder / "store" / "models" / "feed=default" / "night=2026-03-01" / "clustering")
    with trained_briefly():
        run(folder, 2)
    assert fit_of(folder, 2)["reason"] == "the model of night 2026-03-01 is missing or damaged"


def test_a_night_of_an_older_nightfold_is_followed_by_a_full_fit(folder: Path) -> None:
    path = folder / "store" / "runs" / "feed=default" / "night=2026-03-01" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["fit"], manifest["digest"]
    path.write_text(json.dumps(manifest | {"format_version": 1}))
    run(folder, 2)
    assert "older version of nightfold" in fit_of(folder, 2)["reason"]
    first, second = clusters_of(folder, 1), clusters_of(folder, 2)
    assert (second[first.index] == first).mean() > 0.95


def test_pieces_of_a_cluster_are_put_together_again(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "clustering": {"n_clusters": 4},
        "refit": {"max_new_share": 0.05},
        "identity": {"min_piece_cosine": 0.2},
    }
    run(tmp_path, 4, **given)
    before = clusters_of(tmp_path, 4)
    run(tmp_path, 5, **given)
    after = clusters_of(tmp_path, 5)
    assert after.nunique() == 3
    stayed = after[after.index.intersection(before.index)]
    assert (stayed == before[stayed.index]).all()
    # A document that comes tomorrow is placed by pieces: each has the id of the whole.
    store = Store(root=tmp_path / "store", feed="default", night=date(2026, 3, 5))
    ids = store.read_manifest().cluster_ids
    assert ids is not None
    assert len(ids) == 4
    assert set(ids.values()) == set(after)
    texts = [row["text"] for row in NIGHTS[5] if "text" in row]
    placed = [cluster for cluster, *_ in place_texts(store, store.read_manifest(), texts)]
    there = after[[row["id"] for row in NIGHTS[5] if "text" in row]]
    assert (there == placed).mean() > 0.9


def test_a_new_story_in_a_known_cluster_gets_one_of_its_own(tmp_path: Path) -> None:
    one: dict[str, Any] = {
        "clustering": {"n_clusters": 1},
        "evaluate": {"silhouette_tolerance": 2},  # never plain k-means
    }
    run(tmp_path, 1, **one)
    (first,) = set(clusters_of(tmp_path, 1))
    run(tmp_path, 3, **one)
    third = clusters_of(tmp_path, 3)
    (story,) = set(third) - {first}
    new = third[[row["id"] for row in NIGHTS[3]]]
    assert (new == story).mean() > 0.95
    assert (third.drop(new.index) == first).mean() > 0.95
    store = Store(root=tmp_path / "store", feed="default", night=date(2026, 3, 3))
    manifest = store.read_manifest()
    assert manifest.whole_of == {story: first}
    texts = [row["text"] for row in NIGHTS[3]]
    assert [cluster for cluster, *_ in place_texts(store, manifest, texts)] == new.tolist()
    # The next run knows one cluster only, and the two stay apart.
    run(tmp_path, 4, **one)
    fourth = clusters_of(tmp_path, 4)
    assert set(fourth) == {first, story}
    assert (fourth[third.index] == third).mean() > 0.95
    subjects = {
        row["id"]: any(subject in row["text"] for subject in NEW_SUBJECTS) for row in NIGHTS[4]
    }
    assert ((fourth[list(subjects)] == story) == list(subjects.values())).mean() > 0.95
