import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.store.bucket.layout import is_changing, is_of_store
from tasks.store.manifests import is_inside

NIGHT = "feed=reviews/night=2026-03-01"


@pytest.mark.parametrize(
    "name",
    [
        f"clusters/{NIGHT}/part-0a0e5a7f0e1da57e.parquet",
        f"models/{NIGHT}/lexical@maps-3c5e/words/model-606e0fe9dcc1781d.json",
        f"known/{NIGHT}/part-0a0e5a7f0e1da57e.parquet",
        "embeddings/encoder=E5-0123-passages/part-0a0e5a7f0e1da57e.parquet",
    ],
)
def test_tables_models_and_vectors_are_of_the_store_and_never_change(name: str) -> None:
    assert is_of_store(name)
    assert not is_changing(name)


@pytest.mark.parametrize(
    "name",
    [f"runs/{NIGHT}/manifest.json", "runs/feed=reviews/pruned.json", f"reports/{NIGHT}/index.html",
     "state/retired.json", "curation.toml", "curation.toml.before"],
)  # fmt: skip
def test_manifests_lists_and_reports_may_change(name: str) -> None:
    assert is_of_store(name)
    assert is_changing(name)


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt", "lock.json", "probe/1", "state/run.lock", f"state/{NIGHT}/x", "../clusters/x",
        f"../clusters/{NIGHT}/part-1", f"clusters/{NIGHT}/../x", f"clusters/{NIGHT}/.writing-1",
        f"/clusters/{NIGHT}/part-1", f"clusters/{NIGHT}/a/part-1", "clusters/feed=/night=2026-03-01/x",
        "clusters/feed=../night=2026-03-01/x", "clusters/feed=a/night=2026-02-30/x", f"Clusters/{NIGHT}/x",
        "embeddings/encoder=/part-0a0e5a7f0e1da57e.parquet", "embeddings/encoder=E/part-x.parquet",
        f"trash/{NIGHT}/x", f"embeddings/{NIGHT}/x", "runs/feed=a/pruned.json/x", f"clusters/{NIGHT}/a\nb",
    ],
)  # fmt: skip
def test_other_names_are_left_alone(name: str) -> None:
    assert not is_of_store(name)


PARTS = st.sampled_from(["..", ".", "", "clusters", "models", "runs", "feed=a", "night=2026-03-01", "x",
                         "feed=..", "part-0a0e5a7f0e1da57e.parquet", "\0", "a b", "embeddings", "~"])  # fmt: skip


@given(st.lists(PARTS, min_size=1, max_size=6).map("/".join))
def test_no_name_of_the_store_leads_out_of_it(name: str) -> None:
    if is_of_store(name):
        assert is_inside(name)
        assert "\0" not in name
        assert ".." not in name.split("/")
        assert "" not in name.split("/")
