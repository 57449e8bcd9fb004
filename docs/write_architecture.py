"""Write the tree of docs/architecture.md: every room and module with its first docstring line.

    python docs/write_architecture.py [--check]

With --check nothing is written; exit code 1 if the tree in the page is out of date.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- tree: begin -->\n", "<!-- tree: end -->\n"

LAYERS: Final = {
    "flows": "what a person runs",
    "tasks": "the stages of a night, and the store that they work on",
    "models": "the science: no Prefect, no file layout",
    "validation": "schemas, limits, and the suites of Great Expectations",
}

ROOMS: Final = {
    "flows": ("terminal", "modality", "cli", "prefect_home"),
    "tasks": (
        "boundary", "store", "frame", "reading", "preparing", "vectors", "clusters", "reporting",
        "groups", "curating", "mentions", "titling", "mapping", "items", "images", "series",
        "publishing", "operating", "looking",
    ),
    "models": (
        "core", "counting", "plane", "text", "encoding", "quality", "insight", "networks",
        "images", "series", "clusterer", "nightfold", "estimators", "identity",
    ),
    "validation": ("tables",),
}  # fmt: skip
"""Layer → its rooms in the order of the data.

In tasks and models a room may import those before it only, see tests/test_layers.py.
"""

_WIDTH: Final = 34


def tree() -> str:
    """Return the tree of all layers as lines of text."""
    lines = []
    for layer, phrase in LAYERS.items():
        lines += [f"{layer}/".ljust(_WIDTH) + phrase, *_below(ROOT / layer, depth=1)]
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """Return the page with today's tree between its marks.

    Parameters
    ----------
    text
        The page as it is.
    """
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}```text\n{tree()}```\n{END}{after}"


def _below(folder: Path, depth: int) -> Iterator[str]:
    """Yield the lines of the modules in a folder, then those of its rooms."""
    for module in sorted(folder.glob("*.py")):
        if module.name != "__init__.py":
            yield _line(module.name, module, depth)
    rooms = [it for it in folder.iterdir() if (it / "__init__.py").exists()]
    for room in sorted(rooms, key=_place):
        yield _line(f"{room.name}/", room / "__init__.py", depth)
        yield from _below(room, depth + 1)


def _place(room: Path) -> tuple[int, str]:
    order = ROOMS.get(room.parent.name, ())
    return (order.index(room.name) if room.name in order else len(order), room.name)


def _line(name: str, module: Path, depth: int) -> str:
    """Return the line of a module: its name and the first line of its docstring."""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    phrase = text.splitlines()[0].rstrip(".") if text else ""
    return (("  " * depth + name).ljust(_WIDTH - 1) + " " + phrase).rstrip()


def main(arguments: list[str]) -> int:
    """Write the tree, or check it; return the exit code."""
    text = PAGE.read_text(encoding="utf-8")
    today = page(text)
    if today == text:
        return 0
    if "--check" in arguments:
        sys.stderr.write("the tree in docs/architecture.md is out of date: run `make docs`\n")
        return 1
    PAGE.write_text(today, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
