from pathlib import Path

import pytest

from tasks.store.files import write_atomically
from tasks.store.listing import (
    feeds_of,
    is_published_model,
    read_retired,
    refs_of,
    retired_path,
    write_retired,
)
from tasks.store.manifests import Manifest, ManifestError
from tasks.store.storage import Ref, Store


def test_feeds_are_found_in_any_table(tmp_path: Path) -> None:
    for name in ("runs/feed=b", "documents/feed=a", "documents/feed=b", "state/stages"):
        (tmp_path / name).mkdir(parents=True)
    assert feeds_of(tmp_path) == ["a", "b"]


def test_every_file_of_a_manifest_is_named() -> None:
    ref = Ref(path="a", sha256="b", rows=1)
    manifest = Manifest.model_construct(
        tables={"documents": ref}, models={"m": {"f.json": ref}}, reports={"summary.md": ref}
    )
    assert refs_of(manifest) == {"documents": ref, "m/f.json": ref, "reports/summary.md": ref}


def test_retired_files_are_read_back(tmp_path: Path) -> None:
    assert read_retired(tmp_path) == set()
    write_retired(tmp_path, {"b", "a"})
    assert read_retired(tmp_path) == {"a", "b"}


def test_a_list_of_an_older_nightfold_is_read(tmp_path: Path) -> None:
    write_atomically(retired_path(tmp_path), b'{"files": ["a"]}')
    assert read_retired(tmp_path) == {"a"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"files": 1}',
        b'{"files": [1]}',
        b'{"files": ["../a"]}',
        b"\xff",
        b"[" * 99_999,
    ],
)
def test_a_damaged_list_is_an_error_that_names_it(content: bytes, tmp_path: Path) -> None:
    write_retired(tmp_path, set())
    retired_path(tmp_path).write_bytes(content)
    with pytest.raises(ManifestError, match=r"retired.json must"):
        read_retired(tmp_path)


@pytest.mark.parametrize(
    ("file", "is_one"),
    [
        ("models/feed=f/night=2026-03-01/lexical/words/model-0.json", True),
        ("models/feed=f/night=2026-03-02/identity/model-0.json", True),
        ("models/feed=f/night=2026-03-03/identity/model-0.json", False),
        ("models/feed=g/night=2026-03-01/identity/model-0.json", False),
        ("models/feed=f/night=2026-03-01", False),
        ("documents/feed=f/night=2026-03-01/part-0.parquet", False),
        ("state/stages/views/0.json", False),
    ],
)
def test_a_night_shares_the_models_of_those_before_it(
    tmp_path: Path, file: str, is_one: bool
) -> None:
    tonight = Store(root=tmp_path, feed="f", night="2026-03-02")
    assert is_published_model(tonight, file) is is_one
