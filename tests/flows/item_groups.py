"""Images within the values of a column: one encoder for all, clusters for each, two nights long.

`make test-items`; whole nights in groups take longer than the suite has for them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flows.cli.demo.drawn_images import draw
from flows.config import NightlyConfig
from flows.modality.before import BEFORE
from flows.nightly import nightly
from tasks.groups import part
from tasks.groups.values import groups_of
from tasks.operating.assign import assign
from tasks.operating.doctor.examine import examine
from tasks.store.storage import Store

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("prefect_api"),
    pytest.mark.slow,
]

KINDS = ("disc", "triangle", "bar", "ring")
OF_A_KIND = 12
NO_DRIFT = {
    "max_new_share": 1.0, "max_far_share": 1.0, "max_novel_share": 1.0, "max_size_shift": 100.0,
    "max_centroid_movement": 2.0,
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def short_training() -> None:
    """Train as ever: an encoder that has hardly learnt makes of each group a single cluster."""
    return


@dataclass(frozen=True)
class Nights:
    """A store, and a folder for each night, with one for each camera in it."""

    root: Path

    def write(self, night: int) -> None:
        """Draw a night; one drawing is in both folders."""
        rng = np.random.default_rng(night)
        for camera in ("north", "south"):
            folder = self.root / "in" / f"2026-03-0{night}" / camera
            folder.mkdir(parents=True)
            for number in range(OF_A_KIND * len(KINDS)):
                drawn = draw(KINDS[number % len(KINDS)], rng).resize((28, 28))
                drawn.save(folder / f"{number:03d}.png")
            same = draw("star", np.random.default_rng(100 + night)).resize((28, 28))
            same.save(folder / "same.png")

    def run(self, night: int, **config: Any) -> None:
        self.write(night)
        given = {
            "modality": "images",
            "feed": f"{self.root}/in/{{night}}",
            "store": str(self.root / "store"),
            "night": f"2026-03-0{night}",
            "clustering": {"by": "source"},
            "refit": NO_DRIFT,
            "evaluate": {"silhouette_tolerance": 2.0},
        }
        nightly(NightlyConfig.model_validate(given | config))

    def at(self, night: int) -> Store:
        return Store(root=self.root / "store", feed="default", night=date(2026, 3, night))

    def read(self, table: str, night: int) -> pd.DataFrame:
        store = self.at(night)
        return pd.read_parquet(store.resolve(store.read_manifest().tables[table]))


@pytest.fixture(scope="module")
def nights(prefect_api: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    made = Nights(tmp_path_factory.mktemp("item-groups"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, "groups_of", partial(groups_of, smallest=30))
        made.run(1)
        made.run(2)
        made.run(3, refit={**NO_DRIFT, "every_nights": 2})
        yield made


def test_every_folder_has_clusters_of_its_own(nights: Nights) -> None:
    clusters, assigned = nights.read("clusters", 1), nights.read("assignments", 1)
    assert set(clusters["group"]) == {"north", "south"}
    assert clusters["cluster_id"].is_unique
    camera = assigned["doc_id"].str.split("/").str[1]
    assert (assigned["group"] == camera).all()
    assert examine(nights.at(1).root) == []


def test_there_is_one_encoder_which_goes_on_with_the_groups(nights: Nights) -> None:
    first, second, third = (nights.at(night).read_manifest() for night in (1, 2, 3))
    kinds = [[it.fit["kind"] for it in told.groups] for told in (first, second, third)]
    assert kinds == [["full"] * 2, ["warm"] * 2, ["full"] * 2]
    assert first.models["encoder"] == second.models["encoder"] != third.models["encoder"]
    assert {it.fit["reason"] for it in third.groups} == {"due every 2 nights, last on 2026-03-01"}
    kept = set(nights.read("clusters", 1)["cluster_id"])
    assert len(kept & set(nights.read("clusters", 2)["cluster_id"])) >= len(kept) - 1


def test_an_image_of_two_folders_is_in_a_cluster_of_each_and_a_copy(nights: Nights) -> None:
    assert nights.at(1).read_manifest().counts["duplicate"] == 1
    assigned = nights.read("assignments", 1).set_index("doc_id")["group"]
    same = [f"2026-03-01/{camera}/same.png" for camera in ("north", "south")]
    assert assigned[same].tolist() == ["north", "south"]
    assert set(same) <= set(nights.read("near_duplicates", 1)["doc_id"])


def test_new_images_are_placed_in_the_clusters_of_their_folder(
    nights: Nights, tmp_path: Path
) -> None:
    for camera in ("north", "south", "east"):
        (tmp_path / "new" / camera).mkdir(parents=True)
        drawn = draw("bar", np.random.default_rng(7)).resize((28, 28))
        drawn.rotate(len(camera) + ord(camera[0]) % 5).save(tmp_path / "new" / camera / "a.png")
    kind = BEFORE["images"].placeable()
    placed = assign(nights.at(2), str(tmp_path / "new"), tmp_path / "scratch", kind)
    assert placed.n_ungrouped == 1
    groups = nights.read("clusters", 2).set_index("cluster_id")["group"]
    found = placed.table.to_pandas()
    assert (found["cluster_id"].map(groups) == found["doc_id"].str.split("/").str[0]).all()
