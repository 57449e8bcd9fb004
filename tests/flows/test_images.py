"""A feed of images goes through the nightly flow as one of texts does, and is as safe in it."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from flows.cli.demo.drawn_images import draw
from flows.config import NightlyConfig
from flows.modality.before import BEFORE, OtherModalityError
from flows.nightly import nightly
from models.nightfold import cotraining
from tasks.operating.assign import assign
from tasks.operating.doctor.examine import examine, repair_all
from tasks.reading.sources.errors import FeedError
from tasks.store.storage import Store
from tests.benchmarks.corrupt_images import SPOILT, encoded
from tests.flows.kills import KILLED, published, run_night, run_until
from tests.flows.processes import Forked, trained_briefly
from tests.flows.stages import stages

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("prefect_api"),
    pytest.mark.slow,
]

KINDS = ("disc", "triangle", "bar")
OF_A_KIND = 12
N_SPOILT = 210
HEAD_EPOCHS = cotraining.MAX_EPOCHS
NO_DRIFT = {
    "max_new_share": 1.0, "max_far_share": 1.0, "max_novel_share": 1.0, "max_size_shift": 100.0,
    "max_centroid_movement": 2.0,
}  # fmt: skip
"""An encoder that was trained for a moment is sure of nothing."""


def write_images(folder: Path, night: int) -> None:
    """Draw a night; the kinds differ in shape and colour, and every night has its own drawings."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(night)
    for number in range(OF_A_KIND * len(KINDS)):
        small = draw(KINDS[number % len(KINDS)], rng).resize((28, 28))
        small.save(folder / f"{number:03d}.png")


def everything(store: Path) -> dict[str, bytes]:
    return {str(it): it.read_bytes() for it in store.rglob("*") if it.is_file()}


def spoil(folder: Path) -> dict[str, str]:
    """Add spoilt files; return file → the rule that it breaks, empty where several may be."""
    rng = np.random.default_rng(0)
    sound = encoded(draw("ring", rng), "PNG")
    ways, rules = list(SPOILT), {}
    for number in range(N_SPOILT):
        rule, spoilt = SPOILT[ways[number % len(ways)]]
        name = f"spoilt-{number:03d}.png"
        (folder / name).write_bytes(spoilt(sound, rng))
        rules[name] = rule
    return rules


@dataclass(frozen=True)
class Feed:
    """A store, and a folder of images for each night."""

    root: Path

    @property
    def store(self) -> Path:
        return self.root / "store"

    def config(self, night: int, **config: Any) -> dict[str, Any]:
        return {
            "modality": "images",
            "feed": f"{self.root}/in/{{night}}",
            "store": str(self.store),
            "night": f"2026-03-0{night}",
            "clustering": {"n_clusters": 3},
            "check": {"max_refused_share": 1.0},
            "refit": NO_DRIFT,
            "evaluate": {"silhouette_tolerance": 2.0},
            **config,
        }

    def write(self, night: int) -> Path:
        folder = self.root / "in" / f"2026-03-0{night}"
        write_images(folder, night)
        return folder

    def run(self, night: int, **config: Any) -> Any:
        return nightly(NightlyConfig.model_validate(self.config(night, **config)))

    def table(self, name: str, night: int) -> pd.DataFrame:
        folder = self.store / name / "feed=default" / f"night=2026-03-0{night}"
        return pd.read_parquet(folder, partitioning=None)

    def manifest(self, night: int) -> dict[str, Any]:
        path = self.store / "runs" / "feed=default" / f"night=2026-03-0{night}" / "manifest.json"
        return dict(json.loads(path.read_text()))


@pytest.fixture(scope="module", autouse=True)
def short_training() -> Iterator[None]:
    """Train the encoder briefly, and the heads as ever: these carry clusters into the next night."""
    with trained_briefly(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(cotraining, "MAX_EPOCHS", HEAD_EPOCHS)
        yield


@pytest.fixture(scope="module")
def first(
    prefect_api: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Feed, dict[str, str]]:
    """A first night with spoilt files, a copy, and one that is saved again."""
    feed = Feed(tmp_path_factory.mktemp("images"))
    folder = feed.write(1)
    rules = spoil(folder)
    (folder / "copy.png").write_bytes((folder / "000.png").read_bytes())
    with Image.open(folder / "001.png") as image:
        image.resize((56, 56)).save(folder / "again.jpg", quality=90)
    feed.run(1)
    return feed, rules


def test_every_file_is_in_one_place(first: tuple[Feed, dict[str, str]]) -> None:
    feed, rules = first
    counts = feed.manifest(1)["counts"]
    n_sound = OF_A_KIND * len(KINDS)
    assert counts["read"] == n_sound + 2 + N_SPOILT
    assert (counts["accepted"], counts["duplicate"]) == (n_sound + 1, 1)
    assert counts["quarantined"] == N_SPOILT
    quarantine = feed.table("quarantine", 1)
    files = zip(quarantine["file"], quarantine["rule_id"], strict=True)
    found = {Path(file).name: rule for file, rule in files}
    assert found.keys() == rules.keys()
    assert {name: rule for name, rule in found.items() if rules[name]} == {
        name: rule for name, rule in rules.items() if rule
    }
    assert len(Counter(found.values())) == 8
    assert examine(feed.store) == []


def test_what_a_night_publishes(first: tuple[Feed, dict[str, str]]) -> None:
    feed, _ = first
    documents, contents = feed.table("documents", 1), feed.table("contents", 1)
    assert set(documents["text_digest"]) == set(contents["text_digest"])
    assert set(contents["media_type"]) == {"image/png"}
    assert {"width", "height", "format", "path"} <= set(documents.columns)
    assert set(feed.manifest(1)["models"]) == {"encoder", "clustering", "identity"}
    copies = feed.table("near_duplicates", 1)
    names = {
        frozenset(Path(it).name for it in group)
        for _, group in copies.groupby("group_id")["doc_id"]
    }
    assert names == {frozenset({"000.png", "copy.png"}), frozenset({"001.png", "again.jpg"})}
    page = (feed.store / "reports/feed=default/night=2026-03-01/index.html").read_text()
    assert "data:image/png;base64," in page
    assert "img-src data:;" in page


def test_the_same_night_again_runs_nothing(first: tuple[Feed, dict[str, str]]) -> None:
    feed, _ = first
    again = feed.run(1)
    assert [it.stage for it in again.ran] == ["find feed", "publish", "report"]
    assert [it.stage for it in again.stages] == list(stages("images"))
    assert not again.published.changed


def test_a_feed_of_texts_is_another_feed(
    first: tuple[Feed, dict[str, str]], tmp_path: Path
) -> None:
    feed, _ = first
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "a"}\n')
    with pytest.raises(
        OtherModalityError, match="modality must be 'images' as on night 2026-03-01"
    ):
        feed.run(2, feed=str(tmp_path / "a.jsonl"), modality="text")
    with pytest.raises(FeedError, match="images are read with --modality images"):
        feed.run(2, feed=f"{feed.root}/in/2026-03-01", modality="text", feed_name="texts")


def test_a_second_night_goes_on(first: tuple[Feed, dict[str, str]]) -> None:
    feed, _ = first
    feed.write(2)
    feed.run(2)
    before, after = feed.manifest(1), feed.manifest(2)
    assert after["fit"]["kind"] == "warm", after["fit"]
    assert after["encoder"] == before["encoder"]
    assert after["models"]["encoder"] == before["models"]["encoder"]
    ids = [set(feed.table("clusters", night)["cluster_id"]) for night in (1, 2)]
    assert len(ids[0] & ids[1]) >= 2
    (shelf,) = (feed.store / "embeddings").iterdir()
    encoded_items = pd.concat(pd.read_parquet(it) for it in shelf.glob("*.parquet"))
    assert len(encoded_items) == encoded_items["text_digest"].nunique()
    assert examine(feed.store) == []


def test_new_images_are_placed_by_the_encoder_that_is_kept(
    first: tuple[Feed, dict[str, str]], tmp_path: Path
) -> None:
    feed, _ = first
    write_images(tmp_path / "new", 9)
    shutil.copy(feed.root / "in" / "2026-03-01" / "000.png", tmp_path / "new" / "known.png")
    night = Store(root=feed.store, feed="default", night=date(2026, 3, 1))
    before = everything(feed.store)
    kind = BEFORE["images"].placeable()
    placed = assign(night, str(tmp_path / "new"), tmp_path / "scratch", kind)
    found = placed.table.to_pandas().set_index("doc_id")
    assert (len(found), placed.n_refused) == (OF_A_KIND * len(KINDS) + 1, 0)
    assert found.index[found["is_known"]].tolist() == ["known.png"]
    parts = ["cluster_id", "confidence", "margin"]
    as_published = feed.table("assignments", 1).set_index("doc_id")[parts]
    assert found.loc["known.png", parts].equals(as_published.loc["2026-03-01/000.png"])
    assert set(found["cluster_id"]) <= set(as_published["cluster_id"])
    assert everything(feed.store) == before


def test_a_full_fit_learns_another_encoder(first: tuple[Feed, dict[str, str]]) -> None:
    feed, _ = first
    feed.write(3)
    feed.run(3, refit={**NO_DRIFT, "every_nights": 1})
    before, after = feed.manifest(1), feed.manifest(3)
    assert after["fit"]["kind"] == "full"
    assert after["fit"]["reason"].startswith("due every night")
    assert after["encoder"]["digest"] != before["encoder"]["digest"]
    known = set(feed.table("clusters", 2)["cluster_id"])
    assert len(known & set(feed.table("clusters", 3)["cluster_id"])) >= 2


@pytest.fixture(scope="module")
def calm(forked: Forked, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    """A first night of sound images that nothing has disturbed."""
    feed = Feed(tmp_path_factory.mktemp("calm"))
    feed.write(1)
    assert forked.run(run_night, feed.config(1)) == 0
    return feed


@pytest.mark.parametrize("table", ["contents", "models/encoder"])
def test_damage_is_found_and_mended(table: str, calm: Feed, tmp_path: Path) -> None:
    store = Path(shutil.copytree(calm.store, tmp_path / "store"))
    name, _, model = table.partition("/")
    folder = store / name / "feed=default" / "night=2026-03-01" / model
    file = next(it for it in folder.iterdir() if it.is_file())
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    findings = examine(store)
    assert [it.file for it in findings] == [file.relative_to(store).as_posix()]
    repaired, left = repair_all(store)
    assert (len(repaired), left) == (1, [])
    assert examine(store) == []


def test_kill_where_images_are_worked_on_then_run_again(
    forked: Forked, calm: Feed, tmp_path: Path
) -> None:
    config = calm.config(1, store=str(tmp_path / "store"))
    # Of the stages that are its own; that every other may be killed, a feed of texts shows.
    for stage in ("look at images", "keep contents", "learn encoder", "embed"):
        assert forked.run(run_until, config, f"{stage}: done") == KILLED, stage
        assert not list(tmp_path.glob("store/runs/**/manifest.json"))
    assert forked.run(run_night, config) == 0
    assert published(tmp_path / "store") == published(calm.store)
