import json
from pathlib import Path

import pytest

from tasks.store.bucket.place import (
    COPIES,
    BucketPlaceError,
    bucket_folder,
    origin_of,
    place_of,
    root_of,
    spelled,
)


@pytest.fixture(autouse=True)
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COPIES, str(tmp_path))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("s3://shop/nights", "s3://shop/nights"),
        (Path("s3://shop/nights/of/us"), "s3://shop/nights/of/us"),
        ("s3://shop/", "s3://shop"),
        ("s3://shop.eu-1/team=a/v1_2", "s3://shop.eu-1/team=a/v1_2"),
    ],
)
def test_a_url_is_read_also_after_it_went_through_a_path(written: Path | str, url: str) -> None:
    assert place_of(written).url == spelled(written) == url


@pytest.mark.parametrize(
    "url",
    ["s3://", "s3://shop/../other", "s3://shop/./a", "s3://shop//a", "s3://shop/a b", "s3://-x/a",
     "s3://shop/.hidden", "s3://shop/a?x=1", "s3://key:secret@shop/a", "s3:shop", "s3:///shop"],
)  # fmt: skip
def test_what_is_no_plain_name_is_refused(url: str) -> None:
    with pytest.raises(BucketPlaceError, match="s3://bucket/prefix, of letters") as raised:
        place_of(url)
    assert "secret" not in str(raised.value)


def test_a_working_copy_is_that_of_one_url_and_one_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = root_of("s3://shop/nights")
    assert root.parent == tmp_path
    assert root == root_of(Path("s3://shop/nights/")) != root_of("s3://shop/other")
    origin = origin_of(root)
    assert origin
    assert origin.place.url == "s3://shop/nights"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert root_of("s3://shop/nights") != root
    with pytest.raises(BucketPlaceError, match="another server: set AWS_ENDPOINT_URL"):
        origin_of(root)


def test_a_folder_is_itself_and_of_no_bucket(tmp_path: Path) -> None:
    assert root_of(tmp_path / "store") == tmp_path / "store"
    assert origin_of(tmp_path / "store") is None
    assert not (tmp_path / "store").exists()


def test_a_copied_disk_is_another_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    root = root_of("s3://shop/nights")
    before = origin_of(root)
    monkeypatch.setattr("socket.gethostname", lambda: "another")
    after = origin_of(root)
    assert before
    assert after
    assert before.holder != after.holder


def test_a_damaged_origin_is_named(tmp_path: Path) -> None:
    root = root_of("s3://shop/nights")
    (bucket_folder(root) / "origin.json").write_text(json.dumps({"url": "s3://../x"}))
    with pytest.raises(BucketPlaceError, match="must say of what its folder is the working copy"):
        origin_of(root)
