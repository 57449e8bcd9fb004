"""What a repair takes away and nothing makes again: it lies in trash/ until the prune after next.

A prune marks what it finds there as seen, and removes what the prune before it has seen.
"""

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

TRASH: Final = "trash"
"""The folder at the store's root; below it a file keeps its path."""

_SEEN: Final = "seen-by-a-prune"


def move_to_trash(root: Path, file: str) -> None:
    """Move a file, a link or a folder of the store to the trash.

    Parameters
    ----------
    root
        Of the store.
    file
        Relative to it. Where the trash holds that path already, it goes to `trash/2/`, and so on.
    """
    _make_trash(root)
    source = root / file
    if file == TRASH:
        return  # what stood in its place has gone with the making of it
    target = next(place for place in _places(root, file) if _is_free(root, place))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)
    remove_empty_folders(root, source.parent)


def make_way(root: Path, file: str) -> None:
    """Move to the trash what stands where a file belongs and is none, or no folder above it."""
    place = root / file
    for parent in reversed(place.relative_to(root).parents[:-1]):
        if os.path.lexists(root / parent) and not (root / parent).is_dir():
            move_to_trash(root, parent.as_posix())
            return
    if os.path.lexists(place) and (place.is_symlink() or not place.is_file()):
        move_to_trash(root, file)


def remove_empty_folders(root: Path, folder: Path) -> None:
    """Remove a folder of the store if it is empty, and those above it that are empty without it."""
    while root not in {folder, folder.parent} and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def trashed(root: Path) -> tuple[list[Path], list[Path]]:
    """List the files in the trash: those that the next prune removes, and those that wait."""
    seen: list[Path] = []
    waiting: list[Path] = []
    for path in sorted((root / TRASH).rglob("*")):
        if path.is_symlink() or not path.is_dir():
            is_seen = path.relative_to(root / TRASH).parts[0] == _SEEN
            (seen if is_seen else waiting).append(path)
    return seen, waiting


def empty_trash(root: Path) -> None:
    """Remove what the prune before this one has seen, and mark the rest as seen."""
    folder = root / TRASH
    if not folder.is_dir():
        return
    if (folder / _SEEN).is_dir():
        shutil.rmtree(folder / _SEEN)
    rest = sorted(folder.iterdir())
    if not rest:
        folder.rmdir()
        return
    (folder / _SEEN).mkdir()
    for path in rest:
        path.rename(folder / _SEEN / path.name)


def _make_trash(root: Path) -> None:
    """Make the trash, and put into it what stands in its place, if anything does."""
    folder, aside = root / TRASH, root / f"{TRASH}.aside"
    if folder.is_dir():
        return
    if os.path.lexists(folder):
        folder.rename(aside)
    folder.mkdir()
    if os.path.lexists(aside):
        aside.rename(folder / TRASH)


def _places(root: Path, file: str) -> Iterator[Path]:
    yield root / TRASH / file
    for number in count(2):
        yield root / TRASH / str(number) / file


def _is_free(root: Path, place: Path) -> bool:
    folders = place.relative_to(root).parents[:-1]
    return not os.path.lexists(place) and all(
        (root / it).is_dir() or not os.path.lexists(root / it) for it in folders
    )
