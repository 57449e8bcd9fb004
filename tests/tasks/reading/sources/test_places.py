from pathlib import Path

import pytest

from tasks.reading.sources.places import NotApartError, require_apart, require_outside


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two folders of feeds, one with the marks of a glob in its name, and a way in by a link."""
    for name in ("feed/store", "fold[1]/deep", "store/runs"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "feed" / "a.jsonl").touch()
    (tmp_path / "link").symlink_to(tmp_path / "feed")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("feed", "store"),
    [
        ("feed", "feed/store"),
        ("feed/", "feed/new/store"),
        ("feed", "feed"),
        (".", "store"),
        ("link", "feed/store"),
        ("feed", "link/store"),
        ("feed/**", "feed/store"),
        ("feed/**/*.jsonl", "feed/store"),
        ("fold[1]", "fold[1]/store"),
        ("store/a.jsonl", "store"),
        ("store/*.jsonl", "store"),
        ("store/feed-{night}.jsonl", "store"),
        ("store/nowhere/a.jsonl", "store"),
        ("feed/a.jsonl", "."),
    ],
)
def test_one_inside_the_other_is_refused(feed: str, store: str, tmp_path: Path) -> None:
    for spelled in (feed, f"{tmp_path}/{feed}", f"file://{tmp_path}/{feed}"):
        with pytest.raises(NotApartError, match="must not lie inside") as raised:
            require_apart(spelled, Path(store))
        assert spelled in str(raised.value)


@pytest.mark.parametrize(
    ("feed", "store"),
    [
        ("feed", "store"),
        ("feed/a.jsonl", "feed/store"),
        ("feed/*.jsonl", "feed/store"),
        ("feed/{night}/*.jsonl", "feed/store"),
        ("nowhere", "store"),
        ("feed-{night}.jsonl", "store"),
        ("feed", "feed-store"),
        ("s3://bucket/feed", "store"),
        ("memory://feed", "feed"),
    ],
)
def test_what_is_apart_passes(feed: str, store: str) -> None:
    require_apart(feed, Path(store))


def test_a_file_that_a_glob_finds_inside_the_store_is_refused(tmp_path: Path) -> None:
    require_outside(str(tmp_path / "feed/a.jsonl"), "*/*", tmp_path / "store")
    with pytest.raises(NotApartError, match=r"the feed \*/\* must not lie inside the store"):
        require_outside(str(tmp_path / "store/runs"), "*/*", tmp_path / "store")
