from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tasks.operating.doctor.examine import examine, repair_all
from tasks.operating.doctor.places import examine_places
from tasks.store.storage import Store

PublishNight = Callable[..., dict[str, Any]]


@pytest.fixture
def stored(store: Store, publish_night: PublishNight) -> Store:
    publish_night(1, ["a", "b"])
    publish_night(2, ["c", "d"], window=["a", "b"])
    return store


@pytest.mark.parametrize(
    "folder",
    [
        "embeddings", "reports", "state/copies", "state/landed", "known", "trash",
        "clusters/feed=reviews", "documents/feed=reviews/night=2026-03-02",
        "models/feed=reviews/night=2026-03-02/lexical", "embeddings/encoder=*",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["file", "loop"])
def test_what_stands_in_the_place_of_a_folder_gives_way(
    stored: Store, tmp_path: Path, folder: str, kind: str
) -> None:
    path = next(stored.root.glob(folder), stored.root / folder)
    if path.exists():
        path.rename(tmp_path / "aside")
    path.write_bytes(b"x") if kind == "file" else path.symlink_to(path.name)
    assert [it.rule for it in examine_places(stored.root)] == ["folder"]
    _, left = repair_all(stored.root)
    # Nothing but vectors, which have no copy here, is lost with a folder.
    assert {it.rule for it in left} <= {"vectors"}
    assert [night for night in stored.published_nights()] == [date(2026, 3, 1), date(2026, 3, 2)]


def test_a_link_to_a_folder_is_a_folder(stored: Store, tmp_path: Path) -> None:
    (stored.root / "documents").rename(tmp_path / "elsewhere")
    (stored.root / "documents").symlink_to(tmp_path / "elsewhere")
    assert not [it for it in examine(stored.root) if it.rule != "orphan"]
