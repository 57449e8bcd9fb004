"""The stages of a night, read from the code of the flow: no test keeps a list of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def stages(modality: str = "text") -> tuple[str, ...]:
    """Return the names of all stages of a night with news, in the order in which they are called."""
    files = ("nightly.py", "clusters.py", "modality/learnt.py", f"modality/{modality}.py")
    body = [it for name in files for it in _body_of(ROOT / "flows" / name)]
    imports = [it.module for it in body if isinstance(it, ast.ImportFrom) and it.module]
    names = dict(pair for module in imports for pair in _stages_of(module))
    functions = {it.name: it for it in body if isinstance(it, ast.FunctionDef)}
    methods = dict(_methods_of(body, modality))
    night = _Night(names, functions | methods)
    night.visit(night.functions["nightly"])
    return tuple(night.called)


def _methods_of(body: list[ast.stmt], modality: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Find the methods of a kind of document, its own behind those of its base, by what calls them."""
    classes = {it.name: it for it in body if isinstance(it, ast.ClassDef)}
    kind = next(it for name, it in classes.items() if name.lower() == modality)
    bases = [classes[it.id] for it in kind.bases if isinstance(it, ast.Name)]
    for it in (method for found in (*bases, kind) for method in found.body):
        if isinstance(it, ast.FunctionDef):
            yield f"modality.{it.name}", it
            yield f"self.{it.name}", it


def _body_of(path: Path) -> list[ast.stmt]:
    return ast.parse(path.read_text(encoding="utf-8")).body


class _Night(ast.NodeVisitor):
    """Follows the flow through its own functions; where it branches, a night with news goes on."""

    def __init__(self, names: dict[str, str], functions: dict[str, ast.FunctionDef]) -> None:
        self.names = names
        self.functions = functions
        self.called: list[str] = []

    def visit_If(self, node: ast.If) -> None:
        for it in node.orelse:
            self.visit(it)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.orelse)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        name = ast.unparse(node.func)
        if name in self.names:
            self.called.append(self.names[name])
        elif name in self.functions:
            self.visit(self.functions[name])


def _stages_of(module: str) -> Iterator[tuple[str, str]]:
    """Find function → stage in a module of this project."""
    path = ROOT / f"{module.replace('.', '/')}.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else []:
        for it in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
            if isinstance(it, ast.Call) and ast.unparse(it.func) == "stage":
                yield node.name, ast.literal_eval(it.args[0])
