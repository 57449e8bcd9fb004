"""A glance at a feed: names of files, those in archives too, and the first rows of tables."""

import json
import zipfile
from datetime import date
from pathlib import Path

import pytest

from tasks.operating.glance import Glance, glance_at, told_texts
from tasks.operating.items.images import told as told_images
from tasks.operating.items.series import told as told_series
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.kinds import NO_SETTINGS
from tasks.store.storage import Store


def glance(feed: Path, scratch: Path) -> Glance:
    aside = Store(root=scratch / "aside", feed="glance", night=date(2026, 3, 1))
    return glance_at(aside, str(feed), IngestSettings(), NO_SETTINGS)


def test_files_of_images_are_told_by_their_names(tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    feed.mkdir()
    (feed / "a.png").write_bytes(b"")
    with zipfile.ZipFile(feed / "more.zip", "w") as archive:
        archive.writestr("inner/b.JPG", b"")
    found = told_images(glance(feed, tmp_path))
    assert found
    assert (found.why, found.settings) == ("2 files of images", {})
    assert told_texts(glance(feed, tmp_path)) is None


def test_a_table_that_leads_to_images_is_told_by_its_values(tmp_path: Path) -> None:
    rows = [{"sku": n, "Foto": f"pics/{n}.jpg?size=2", "shop": "a.com"} for n in range(3)]
    feed = tmp_path / "feed.jsonl"
    feed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = told_images(glance(feed, tmp_path))
    assert found
    assert found.settings == {"column": "Foto"}
    assert told_series(glance(feed, tmp_path)) is None


def test_a_table_beside_images_is_what_counts(tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "a.png").write_bytes(b"")
    (tmp_path / "feed" / "a.csv").write_text("id,text\n1,It leaks\n")
    found = glance(tmp_path / "feed", tmp_path)
    assert told_images(found) is None
    texts = told_texts(found)
    assert texts is None or texts.why == "column 'text' holds texts"


@pytest.mark.parametrize(
    ("rows", "is_told"),
    [
        ([{"body": "It leaks"}], True),
        ([{"title": "It leaks"}], True),
        ([{"comments": 3}], False),
        ([{"flow": 3}], False),
        ([], False),
    ],
)
def test_texts_are_told_by_the_name_of_their_column(
    rows: list[dict[str, object]], is_told: bool
) -> None:
    assert (told_texts(Glance([], rows)) is not None) == is_told


def test_what_cannot_be_read_is_left_to_who_reads_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"no parquet")
    found = glance(tmp_path / "a.parquet", tmp_path)
    assert found.rows == []
    assert glance(tmp_path / "nowhere.csv", tmp_path) == Glance([], [])
    assert glance_at(
        Store(root=tmp_path, feed="g", night=date(2026, 3, 1)),
        "json+https://host/api",
        IngestSettings(),
        NO_SETTINGS,
    ) == Glance([], [])


def test_a_broken_archive_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no zip")
    assert [Path(it).name for it in glance(tmp_path / "a.zip", tmp_path).names] == ["a.zip"]
