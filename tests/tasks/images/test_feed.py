"""A feed of images is files, or tables that lead to some; a row knows its image by its digest."""

import base64
import errno
import json
import os
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.images import files
from tasks.images import rows as rows_module
from tasks.images.feed import ImageFeed, Where, find_images, fixed_part
from tasks.images.settings import ImageSettings
from tasks.reading.raw_feed import IngestSettings
from tasks.reading.sources.errors import FeedError, FeedMissingError
from tasks.reading.sources.settings import SourceSettings
from tasks.store.fetched.landed import landed_path
from tasks.store.storage import Store

Encode = Callable[..., bytes]
Find = Callable[..., tuple[list[dict[str, Any]], ImageFeed]]


@pytest.fixture
def find(store: Store) -> Find:
    """Find a feed; return its rows and the feed."""

    def found(feed: Path | str, fixed: Path | str = "", **images: Any) -> Any:
        where = Where(
            feed=str(feed),
            fixed=str(fixed or feed),
            images=ImageSettings(**images),
            ingest=IngestSettings(),
            sources=SourceSettings(),
        )
        there = find_images(store, where, None)
        lines = [
            line
            for piece in there.pieces
            for line in landed_path(store, piece.sha256).read_text().splitlines()
        ]
        return [json.loads(line) for line in lines], there

    return found


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_folder_has_a_row_for_each_image(tmp_path: Path, encode: Encode, find: Find) -> None:
    image = encode()
    folder = written(
        tmp_path / "in", {"b/Red_Car-07.PNG": image, "a.jpg": image, "_hidden.png": b""}
    )
    rows, feed = find(folder)
    digest = sha256(image).hexdigest()
    assert rows == [
        {"id": "a.jpg", "image": digest, "title": None, "source": None, "path": "a.jpg"},
        {
            "id": "b/Red_Car-07.PNG",
            "image": digest,
            "title": "red car",
            "source": "b",
            "path": "b/Red_Car-07.PNG",
        },
    ]
    assert Path(feed.places[digest]).read_bytes() == image


def test_the_same_bytes_elsewhere_are_the_same_feed(
    tmp_path: Path, encode: Encode, find: Find
) -> None:
    first, second = (
        find(written(tmp_path / name, {"a.png": encode()}))[1].pieces for name in ("one", "two")
    )
    assert first == second
    changed = find(written(tmp_path / "one", {"a.png": encode(seed=1)}))[1].pieces
    assert changed != first


def test_images_of_a_dated_feed_are_named_after_the_date(
    tmp_path: Path, encode: Encode, find: Find
) -> None:
    written(tmp_path / "in", {"2026-03-01/a.png": encode()})
    fixed = fixed_part(f"{tmp_path}/in/{{night}}")
    assert fixed == f"{tmp_path}/in"
    assert fixed_part("s3://b/in") == "s3://b/in"
    for feed in (tmp_path / "in/2026-03-01", tmp_path / "in/2026-03-01/*.png"):
        assert [row["id"] for row in find(feed, fixed)[0]] == ["2026-03-01/a.png"]


def test_a_single_image_and_an_archive(tmp_path: Path, encode: Encode, find: Find) -> None:
    folder = written(tmp_path, {"a.png": encode()})
    assert [row["id"] for row in find(folder / "a.png")[0]] == ["a.png"]
    with zipfile.ZipFile(folder / "in.zip", "w") as archive:
        archive.writestr("x/b.png", encode(seed=1))
        archive.writestr("../c.gif", encode(kind="GIF"))
        archive.writestr("readme.txt", "no image")
    rows, feed = find(folder / "in.zip")
    assert [row["id"] for row in rows] == ["in.zip/c.gif", "in.zip/x/b.png"]
    assert Path(feed.places[rows[1]["image"]]).read_bytes() == encode(seed=1)


def test_a_table_leads_to_files_below_its_folder(
    tmp_path: Path, encode: Encode, find: Find
) -> None:
    written(tmp_path / "in", {"img/a.png": encode(), "img/b.png": encode(seed=1)})
    lines = [
        {"id": 1, "image": "img/a.png", "price": 2.5},
        {"id": 2, "image": "img/none.png"},
        {"id": 3, "image": "../../etc/passwd"},
        {"id": 4, "image": str(tmp_path / "secret.png")},
        {"id": 5, "image": None},
        {"id": 6, "image": "img/b.png", "title": "Blue"},
    ]
    written(tmp_path, {"secret.png": encode()})
    table = tmp_path / "in" / "rows.jsonl"
    table.write_text("".join(json.dumps(line) + "\n" for line in lines) + "no json\n")
    rows, _ = find(table)
    digests = [sha256(encode(seed=seed)).hexdigest() for seed in (0, 1)]
    assert rows[0] == {
        "id": 1, "price": 2.5, "image": digests[0], "path": "img/a.png", "title": None,
    }  # fmt: skip
    assert rows[1]["image"] == "!image_found!img/none.png is not there"
    assert all("is no image below the folder of its table" in row["image"] for row in rows[2:4])
    assert rows[4]["image"] is None
    assert (rows[5]["image"], rows[5]["title"]) == (digests[1], "Blue")
    assert rows[6]["image"].startswith("!row_parses!")


def test_a_table_holds_the_bytes_itself(tmp_path: Path, encode: Encode, find: Find) -> None:
    image = encode()
    as_url = "data:image/png;base64," + base64.b64encode(image).decode()
    columns = {
        "id": ["a", "b"],
        "image": [{"bytes": image, "path": "x/a.png"}, {"bytes": encode(seed=1), "path": None}],
    }
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    rows, feed = find(tmp_path / "rows.parquet")
    assert rows[0]["image"] == sha256(image).hexdigest()
    assert (rows[0]["path"], rows[1]["path"]) == ("x/a.png", None)
    assert Path(feed.places[rows[1]["image"]]).read_bytes() == encode(seed=1)
    (tmp_path / "urls.jsonl").write_text(
        json.dumps({"id": 1, "photo": as_url}) + "\n" + json.dumps({"id": 2, "photo": "data:,x"})
    )
    inline, _ = find(tmp_path / "urls.jsonl", column="photo")
    assert inline[0]["image"] == sha256(image).hexdigest()
    assert inline[1]["image"] == "!image_found!a data: URL must hold base64"


def test_a_table_without_images_says_what_to_set(tmp_path: Path, find: Find) -> None:
    (tmp_path / "rows.jsonl").write_text('{"id": 1, "text": "a"}\n')
    with pytest.raises(
        FeedError, match=r"no column that leads to images; set `column` .* 'id', 't"
    ):
        find(tmp_path / "rows.jsonl")


def test_images_beside_tables_are_refused(tmp_path: Path, encode: Encode, find: Find) -> None:
    folder = written(tmp_path / "in", {"a.png": encode(), "rows.csv": b"id,text\n1,a\n"})
    with pytest.raises(FeedError, match=r"holds image files \(a.png\) beside tables \(rows.csv\)"):
        find(folder)


def test_a_feed_without_images_is_refused(tmp_path: Path, find: Find) -> None:
    with pytest.raises(FeedMissingError):
        find(tmp_path / "none")
    with pytest.raises(FeedError, match=r"holds no image \(.png, "):
        find(written(tmp_path / "in", {"a.txt": b"a"}))


def test_what_may_not_be_read_is_a_row_and_any_name_is_one(
    tmp_path: Path, encode: Encode, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = os.fsencode(written(tmp_path / "in", {"a.png": encode()}))
    with open(folder + b"/\xff.png", "wb") as file:
        file.write(encode(seed=1))
    sound = files.sha256_of

    def refused(path: Path) -> str:
        if path.name == "a.png":
            raise PermissionError(errno.EACCES, "Permission denied")
        return sound(path)

    monkeypatch.setattr(files, "sha256_of", refused)
    rows, _ = find(tmp_path / "in")
    assert [row["image"] for row in rows] == [
        sha256(encode(seed=1)).hexdigest(),
        "!image_found!it cannot be read: Permission denied",
    ]
    assert rows[0]["id"] == "\\xff.png"


def test_images_of_a_url_land(encode: Encode, find: Find, store: Store) -> None:
    elsewhere = fsspec.filesystem("memory")
    elsewhere.makedirs("/photos/b", exist_ok=True)
    elsewhere.pipe_file("/photos/b/a.png", encode())
    try:
        rows, feed = find("memory://photos")
    finally:
        elsewhere.rm("/photos", recursive=True)
    digest = sha256(encode()).hexdigest()
    assert [(row["id"], row["image"], row["source"]) for row in rows] == [("b/a.png", digest, "b")]
    assert Path(feed.places[digest]) == landed_path(store, digest)


def test_a_table_leads_to_urls(
    tmp_path: Path, encode: Encode, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = fsspec.filesystem("memory")
    elsewhere.pipe_file("/a.png", encode())
    monkeypatch.setattr(rows_module, "_SCHEMES", ("memory://",))
    lines = [{"id": 1, "url": "memory://a.png"}, {"id": 2, "url": "memory://none.png"}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows, _ = find(tmp_path / "rows.jsonl")
    assert rows[0]["image"] == sha256(encode()).hexdigest()
    assert rows[1]["image"].startswith("!image_found!")
