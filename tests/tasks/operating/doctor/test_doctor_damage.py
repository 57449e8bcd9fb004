"""One damage after another to a store: each is found, and nothing that could be kept is lost."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tasks.operating.doctor import finding as findings
from tasks.operating.doctor.examine import examine, repair_all
from tasks.operating.prune import prune
from tasks.store.listing import read_retired
from tasks.store.manifests import ManifestError
from tasks.store.pruned import pruned_path
from tasks.store.sealed import unseal, write_sealed
from tasks.store.storage import Store

PublishNight = Callable[..., dict[str, Any]]

VALUES: tuple[Any, ...] = (None, True, -1, 1.5, "x", [], {}, [1], {"path": []})
"""Of every type that JSON has: some of them are wrong wherever they stand."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the store is kept that every test damages a copy of: making it is most of the work."""
    return tmp_path_factory.mktemp("made") / "store"


@pytest.fixture
def stored(store: Store, publish_night: PublishNight, made: Path) -> Store:
    """Two nights that stay of four, in a store that has what a run leaves."""
    if not made.exists():
        publish_night(1, ["a", "b"])
        publish_night(2, ["c", "d"], window=["b"], withdrawn=["a"])
        publish_night(3, ["e", "f"], window=["b", "c", "d"])
        publish_night(4, ["g", "h"], window=["b", "c", "d", "e", "f"])
        prune(store.root, keep=2)
        shutil.copytree(store.root, made)
        return store
    shutil.copytree(made, store.root)
    return store


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x80
    path.write_bytes(content)


def nest(path: Path) -> None:
    path.write_bytes(b"[" * 100_000)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "flip": flip,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-3]),
    "empty": lambda path: path.write_bytes(b""),
    "nest": nest,
    "delete": Path.unlink,
    "folder": to_folder,
    "loop": to_loop,
}


def published(root: Path) -> dict[str, bytes]:
    """What a reader sees, by path."""
    kept = (it for it in root.rglob("*") if it.is_file() and not it.is_symlink())
    names = {it.relative_to(root).as_posix(): it for it in kept}
    hidden = ("state/", "trash/", "embeddings/")
    return {name: it.read_bytes() for name, it in names.items() if not name.startswith(hidden)}


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize(
    "pattern",
    [
        "runs/*/*/manifest.json", "runs/*/pruned.json", "reports/*/night=2026-03-03/summary.md",
        "documents/*/night=2026-03-04/*", "models/*/night=2026-03-03/lexical/*",
        "state/copies/runs/*/*/manifest.json", "state/retired.json", "known/*/*/*",
    ],
)  # fmt: skip
def test_one_damage_is_found_and_what_has_a_copy_comes_back(
    stored: Store, pattern: str, how: str
) -> None:
    before = published(stored.root)
    path = sorted(stored.root.glob(pattern))[-1]
    DAMAGES[how](path)
    found = [it for it in examine(stored.root) if it.rule != "orphan"]
    # A copy is missed only when it is needed.
    assert bool(found) == ("copies" not in pattern), found
    _, left = repair_all(stored.root)
    after = published(stored.root)
    if pattern.startswith("known"):
        assert {it.rule for it in left} == {"known"}
        assert {it for it in before if it not in after} <= {
            path.relative_to(stored.root).as_posix()
        }
    else:
        assert left == []
        assert after == before
    assert examine(stored.root) == left


@pytest.mark.parametrize("seed", range(12))
def test_two_damages_at_once_take_nothing_that_was_not_damaged(stored: Store, seed: int) -> None:
    rng, before = Random(seed), published(stored.root)
    repair_all(stored.root)  # stage files that no record names
    files = sorted(it for it in stored.root.rglob("*") if it.is_file() and it.stat().st_size)
    two = rng.sample([it for it in files if it.name != "retired.json"], 2)
    retired = read_retired(stored.root)
    for path in two:
        DAMAGES[rng.choice(sorted(DAMAGES))](path)
    _, left = repair_all(stored.root)
    after = published(stored.root)
    damaged = {it.relative_to(stored.root).as_posix() for it in two}
    differ = {it for it in before if after.get(it) != before[it]} - retired
    assert differ <= damaged
    assert not differ or left
    assert examine(stored.root) == left


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    below: Any = value.items() if isinstance(value, dict) else ()
    below = enumerate(value) if isinstance(value, list) else below
    for key, item in below:
        yield from places(item, (*above, key))


def replaced(value: Any, place: tuple[Any, ...], by: Any) -> Any:
    if not place:
        return by
    changed = value.copy()
    changed[place[0]] = replaced(value[place[0]], place[1:], by)
    return changed


@pytest.mark.parametrize("name", ["manifest", "pruned", "retired"])
def test_no_wrong_type_ends_the_search(stored: Store, name: str) -> None:
    """What a defect could write: other types, under a digest that fits."""
    path = {
        "manifest": stored.manifest_path(date(2026, 3, 4)),
        "pruned": pruned_path(stored),
        "retired": stored.state / "retired.json",
    }[name]
    shutil.rmtree(stored.state / "copies")
    good = unseal(path.read_bytes())
    tried = [place for place in places(good) if place and place != ("format_version",)]
    drawn = Random(0).sample(tried, min(30, len(tried)))
    for number, place in enumerate(drawn):
        write_sealed(path, replaced(good, place, VALUES[number % len(VALUES)]))
        examine(stored.root)


def test_what_cannot_be_read_is_a_finding(stored: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    for module in ("finding", "state"):
        monkeypatch.setattr(f"tasks.operating.doctor.{module}.sha256_of", refused)
    said = {it.problem for it in examine(stored.root) if it.rule in {"digest", "embeddings"}}
    assert said == {"it cannot be read: Permission denied"}
    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(ManifestError, match="cannot be read: Permission denied"):
        stored.read_manifest(date(2026, 3, 4))
    assert {"manifest", "known", "retired"} <= {it.rule for it in examine(stored.root)}


def test_a_repair_that_fails_is_left_for_a_person(
    stored: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_source: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(findings, "copy_atomically", full)
    stored.manifest_path(date(2026, 3, 4)).unlink()
    repaired, left = repair_all(stored.root)
    assert "night" not in {it.rule for it in repaired}
    (lost,) = [it for it in left if it.rule == "night"]
    assert "its repair failed: [Errno 28] No space left on device" in lost.line()
