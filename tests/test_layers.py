"""Imports point one way: flows → tasks → {models, validation}; all may use validation.errors.

Inside tasks and models they point from a room to the rooms before it, in the order of the data.
"""

import ast
import runpy
import sys
from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = {
    "flows": {"prefect", "tasks"},
    "tasks": {"prefect", "models", "validation"},
    "models": {"torch", "sklearn"},
    "validation": {"great_expectations"},
}
"""Layer → what it alone may import of the names that are kept apart."""

KEPT_APART = set(LAYERS).union(*LAYERS.values())

BELOW_ALL = "validation.errors"
"""The one module that every layer may import: the base of the errors that explain themselves."""

ROOMS: dict[str, tuple[str, ...]] = runpy.run_path(str(ROOT / "docs" / "write_architecture.py"))[
    "ROOMS"
]
"""Layer → its rooms in order, as docs/architecture.md has them."""

ORDERED = ("tasks", "models")


def imported_names(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer"
            yield str(node.module)


def forbidden_imports(layer: str, source: str) -> set[str]:
    names = {name.split(".")[0] for name in imported_names(source) if name != BELOW_ALL}
    return (names & KEPT_APART) - LAYERS[layer] - {layer}


def test_errors_stand_below_all_layers() -> None:
    source = (ROOT / "validation" / "errors.py").read_text(encoding="utf-8")
    assert set(imported_names(source)) == {"typing"}
    assert forbidden_imports("models", "from validation.errors import SettingError") == set()
    assert forbidden_imports("models", "from validation import errors") == {"validation"}


@pytest.mark.parametrize(
    "path", [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))], ids=str
)
def test_imports_point_one_way(path: Path) -> None:
    relative = path.relative_to(ROOT)
    assert forbidden_imports(relative.parts[0], path.read_text(encoding="utf-8")) == set()


def later_rooms(layer: str, room: str, source: str) -> set[str]:
    """Return the rooms of the same layer that a module imports and that come after its own."""
    parts = [name.split(".") for name in imported_names(source)]
    rooms = {it[1] for it in parts if it[0] == layer and len(it) > 1}
    order = ROOMS[layer]
    return {it for it in rooms if order.index(it) > order.index(room)}


@pytest.mark.parametrize("layer", ORDERED)
def test_every_room_has_a_place_in_the_order(layer: str) -> None:
    rooms = {path.parent.name for path in (ROOT / layer).glob("*/__init__.py")}
    assert rooms == set(ROOMS[layer]), "name the room in ROOMS of docs/write_architecture.py"


@pytest.mark.parametrize(
    "path",
    [path for layer in ORDERED for path in sorted((ROOT / layer).glob("*/**/*.py"))],
    ids=str,
)
def test_rooms_import_rooms_before_them(path: Path) -> None:
    layer, room, *_ = path.relative_to(ROOT).parts
    assert later_rooms(layer, room, path.read_text(encoding="utf-8")) == set()


def imported_modules(source: str, modules: Collection[str]) -> set[str]:
    """Return which of some modules a source imports, inside functions too."""
    found = set(imported_names(source))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found & set(modules)


def circle(sources: dict[str, str]) -> list[str]:
    """Return modules that import each other in a circle, by name → source; none where all is well."""
    graph = {name: imported_modules(source, sources) for name, source in sources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_by_way_of_others() -> None:
    paths = [path for layer in LAYERS for path in (ROOT / layer).rglob("*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    sources = {
        name.removesuffix(".__init__"): path.read_text(encoding="utf-8")
        for name, path in zip(names, paths, strict=True)
    }
    assert circle(sources) == []


def test_a_planted_circle_is_seen() -> None:
    sources = {"a": "from b import c", "b.c": "def f():\n    import d", "d": "import a", "b": ""}
    assert circle(sources | {"d": ""}) == []
    assert set(circle(sources)) == {"a", "b.c", "d"}


def test_a_planted_import_of_a_later_room_is_seen() -> None:
    source = "def f():\n    from tasks.publishing.publish import publish\n"
    assert later_rooms("tasks", "reading", source) == {"publishing"}
    assert later_rooms("tasks", "operating", source) == set()


def test_a_planted_violation_is_seen() -> None:
    assert forbidden_imports("models", "def f():\n    from prefect import task\n") == {"prefect"}


def test_light_modules_stay_light() -> None:
    """The command line answers in under a second because it imports nothing heavy."""
    import subprocess

    heavy = ["prefect", "torch", "sklearn", "pandas", "great_expectations", "pyarrow"]
    code = f"import sys, flows.cli.app; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
