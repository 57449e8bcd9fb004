"""Questions to published nights, with the models and the encoder of these nights."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

Invoke = Callable[..., Any]


def test_a_document_is_explained(two_nights: Any, invoke: Invoke) -> None:
    words = ("explain", "n2-00", "--store", two_nights.store)
    found = json.loads(invoke(*words, "--json").stdout)
    assert found["night"] == "2026-03-02"
    assert "battery" in found["text"]
    assert found["is_new"]
    assert found["runner_up"]["cluster_id"] != found["cluster"]["cluster_id"]
    assert 0 < found["cluster"]["membership"] <= 1
    cosines = [it["cosine"] for it in found["exemplars"]]
    assert len(cosines) == 5
    assert cosines == sorted(cosines, reverse=True)
    assert "runner-up c-" in invoke(*words).stdout
    missing = invoke("explain", "n9-00", "--store", two_nights.store)
    assert missing.exit_code == 2
    assert "document 'n9-00' is not in the window of night 2026-03-02" in missing.stderr


def test_a_cluster_is_followed_over_the_nights(two_nights: Any, invoke: Invoke) -> None:
    of_store = ("--store", two_nights.store)
    first = json.loads(invoke("clusters", *of_store, "--night", "2026-03-01", "--json").stdout)
    cluster_id = first["clusters"][0]["cluster_id"]
    found = json.loads(invoke("history", cluster_id, *of_store, "--json").stdout)
    assert [it["night"] for it in found["nights"]] == ["2026-03-01", "2026-03-02"]
    assert (
        f"cluster {cluster_id} of feed default" in invoke("history", cluster_id, *of_store).stdout
    )


def test_texts_are_found_by_what_they_mean(two_nights: Any, invoke: Invoke) -> None:
    words = ("search", "packages missing", "--store", two_nights.store, "--limit", 6)
    found = json.loads(invoke(*words, "--json").stdout)
    assert found["by_meaning"]
    assert len(found["documents"]) == 6
    assert {it["by"] for it in found["documents"]} == {"meaning"}
    assert re.search("parcel|courier|delivery", found["documents"][0]["text"])
    assert invoke("search", "?", "--store", two_nights.store).exit_code == 2


def test_a_night_is_exported_with_the_places_of_its_map(
    two_nights: Any, invoke: Invoke, tmp_path: Path
) -> None:
    words = ("export", "--store", two_nights.store, "--atlas", tmp_path)
    done = invoke(*words)
    table = pq.read_table(tmp_path / "documents.parquet")
    assert "embedding-atlas" in done.stdout
    assert "--x projection_x --y projection_y" in done.stdout
    assert table.num_rows == 54
    assert table["projection_x"].null_count == 0
    assert {len(it["ids"]) for it in table["neighbors"].to_pylist()} == {15}
    assert invoke(*words[:3]).exit_code == 2
