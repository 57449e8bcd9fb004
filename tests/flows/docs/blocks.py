"""The fenced blocks of the README and the pages of docs/."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]

PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    )
]

_FENCED = re.compile(r"^ *```([^\n]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_OPENED = re.compile(r"^ *```", re.MULTILINE)


class Block(NamedTuple):
    """A block with the place that an editor finds it at."""

    where: str
    language: str
    text: str


def blocks_of(page: str) -> Iterator[Block]:
    """Yield the blocks of a page in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = list(_FENCED.finditer(text))
    assert 2 * len(found) == len(_OPENED.findall(text)), f"{page} has a block that is left open"
    for block in found:
        line = text.count("\n", 0, block.start()) + 1
        yield Block(f"{page}:{line}", block[1], block[2])
