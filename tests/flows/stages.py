"""The stages of a night, read from the code of the flow: no test keeps a list of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def stages() -> tuple[str, ...]:
    """Return the names of all stages, in the order in which the flow calls them."""
    body = ast.parse((ROOT / "flows" / "nightly.py").read_text(encoding="utf-8")).body
    imports = [it.module for it in body if isinstance(it, ast.ImportFrom) and it.module]
    names = dict(pair for module in imports for pair in _stages_of(module))
    flow = next(it for it in body if isinstance(it, ast.FunctionDef) and it.name == "nightly")
    calls = [it for it in ast.walk(flow) if isinstance(it, ast.Call)]
    called = [ast.unparse(it.func) for it in sorted(calls, key=lambda it: it.lineno)]
    return tuple(names[it] for it in called if it in names)


def _stages_of(module: str) -> Iterator[tuple[str, str]]:
    """Find function → stage in a module of this project."""
    path = ROOT / f"{module.replace('.', '/')}.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else []:
        for it in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
            if isinstance(it, ast.Call) and ast.unparse(it.func) == "stage":
                yield node.name, ast.literal_eval(it.args[0])
