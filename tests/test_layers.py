"""Imports point one way: flows → tasks → {models, validation}; all may use validation.errors."""

import ast
import sys
from collections.abc import Iterator
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
