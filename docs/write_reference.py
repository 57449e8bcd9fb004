"""Write the reference: settings, commands and estimators, from the code that has them.

    python docs/write_reference.py [--check]

Each page keeps what stands outside of its marks. With --check nothing is written; exit code 1 if a
page is out of date.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from flows.cli.app import app
from flows.config import NightlyConfig
from flows.variables import variable_of
from tasks.clusters.estimators import REGISTRY, class_of

DOCS: Final = Path(__file__).parent
BEGIN, END = "<!-- reference: begin -->\n", "<!-- reference: end -->\n"

_LONGEST: Final = 60
"""Characters of a default in a cell: a longer one is told by its number of values."""

_TYPES: Final = {
    "str": "text", "int": "whole number", "float": "number", "bool": "`true` or `false`",
    "Path": "path", "date": "date",
}  # fmt: skip

_OF_ALL: Final = ("debug", "help")
"""Options that every command has; they are said once, at the head of the page."""


def settings() -> Iterator[str]:
    """Yield the lines of the page of settings: a table for each group of keys."""
    groups = list(_groups(NightlyConfig, ""))
    for name, model in groups:
        heading = f"## `[{name}]`" if name else "## Outside of any group"
        yield from (heading, "", *_purpose(model, name), *_fields_of(model, name), "")


def commands() -> Iterator[str]:
    """Yield the lines of the page of commands: what each does, its options, and examples."""
    yield from _command(typer.main.get_command(app), "nightfold")


def estimators() -> Iterator[str]:
    """Yield the lines of the table of estimators: what each is, can do, and takes."""
    yield "| `[clustering] estimator` | class | what it is | goes on from last night | parameters |"
    yield "|---|---|---|---|---|"
    for name, registered in REGISTRY.items():
        made = class_of(name)
        what = _first_line(made).removesuffix("; see `Baseline`.").rstrip(".")
        goes_on = "yes" if made.goes_on else "no"
        module = registered.module.replace(".", "/") + ".py"
        where = f"`{registered.name}` ([code](../{module}))"
        taken = _parameters(made, registered)
        yield f"| `{name}` | {where} | {_cell(what)} | {goes_on} | {taken} |"


PAGES: Final[dict[str, Callable[[], Iterable[str]]]] = {
    "settings.md": settings,
    "commands.md": commands,
    "estimators.md": estimators,
}


def page(name: str, text: str) -> str:
    """Return a page with today's reference between its marks.

    Parameters
    ----------
    name
        One of `PAGES`.
    text
        The page as it is.
    """
    before, rest = text.split(BEGIN)
    lines = "\n".join(PAGES[name]()).strip("\n")
    return f"{before}{BEGIN}\n{lines}\n\n{END}{rest.split(END)[1]}"


def _groups(model: type, prefix: str) -> Iterator[tuple[str, type]]:
    """Yield the groups of a model, the model itself first."""
    yield prefix, model
    for key, kind in _members(model):
        if inspect.isclass(kind) and (issubclass(kind, BaseModel) or is_dataclass(kind)):
            yield from _groups(kind, f"{prefix}.{key}" if prefix else key)
        elif entry := _entry(kind):
            yield f"[{key}]", entry


def _members(model: type) -> list[tuple[str, Any]]:
    if issubclass(model, BaseModel):
        return [(key, it.annotation) for key, it in model.model_fields.items()]
    return [(it.name, it.type) for it in fields(model)]


def _entry(kind: Any) -> type | None:
    """Return the model of each entry of a list of tables."""
    (inner, *_) = get_args(kind) or (None,)
    is_list = get_origin(kind) is tuple and inspect.isclass(inner)
    return inner if is_list and issubclass(inner, BaseModel) else None


def _purpose(model: type, name: str) -> list[str]:
    said = re.split(r"\n\n\w+\n-+\n", inspect.getdoc(model) or "")[0]
    return [" ".join(said.split()), ""] if name else []


def _fields_of(model: type, group: str) -> Iterator[str]:
    """Yield the table of a group's own keys."""
    is_listed = group.startswith("[")
    yield "| key | default | what it takes | meaning |"
    yield "|---|---|---|---|"
    for key, kind, default, meaning in _rows(model):
        if _entry(kind) is None and not _is_group(kind):
            named = f"{group}.{key}" if group else key
            variable = "" if is_listed else f"<br>`{variable_of(named)}`"
            yield f"| `{key}`{variable} | {_default(default)} | {_takes(kind)} | {_cell(meaning)} |"


def _is_group(kind: Any) -> bool:
    return inspect.isclass(kind) and (issubclass(kind, BaseModel) or is_dataclass(kind))


def _rows(model: type) -> Iterator[tuple[str, Any, Any, str]]:
    """Yield key, type, default and meaning of every field."""
    if issubclass(model, BaseModel):
        for key, it in model.model_fields.items():
            default = it.get_default(call_default_factory=False)
            yield key, it.annotation, default, it.description or ""
        return
    meanings = _documented(model)
    for it in fields(model):
        yield it.name, it.type, it.default, meanings[it.name]


def _documented(made: type) -> dict[str, str]:
    """Return the meaning of each parameter or attribute in a numpydoc docstring."""
    found: dict[str, str] = {}
    for names, text in re.findall(
        r"^([a-z_]+(?:, [a-z_]+)*)\n((?: {4}.*\n?)+)", inspect.getdoc(made) or "", re.MULTILINE
    ):
        for name in names.split(", "):
            found[name] = " ".join(text.split())
    return found


def _default(value: Any) -> str:
    if value is PydanticUndefined or value is None or value in {"", ()}:
        return ""
    said = json.dumps(value, ensure_ascii=False, default=str)
    shown = said if len(said) <= _LONGEST else f"{len(value)} words"
    return f"`{_cell(shown)}`" if shown == said else shown


def _takes(kind: Any) -> str:
    """Return what a key takes, in words."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return ", ".join(f"`{json.dumps(it)}`" for it in inner)
    if origin is Annotated:
        return _takes(inner[0])
    if origin in {Union, UnionType}:
        return " or ".join(_takes(it) for it in inner if it is not NoneType)
    if origin is tuple:
        return f"list of {_takes(inner[0])}s"
    if origin is dict:
        return "table of texts"
    return _TYPES[kind.__name__ if inspect.isclass(kind) else str(kind)]


def _command(command: Any, name: str) -> Iterator[str]:
    """Yield the part of a command, or those of the commands in a group."""
    children = getattr(command, "commands", {})
    for child, it in children.items():
        yield from _command(it, f"{name} {child}")
    if not children:
        shown = [it for it in command.params if it.name not in _OF_ALL]
        arguments = [_usage(it) for it in shown if it.param_type_name == "argument"]
        yield from (f"## {name}", "", f"`{' '.join([name, *arguments, '[OPTIONS]'])}`", "")
        paragraphs = inspect.cleandoc(command.help).split("\n\n")
        yield from ("\n\n".join(" ".join(it.split()) for it in paragraphs), "")
        yield from ("| option | default | what it does |", "|---|---|---|")
        yield from map(_option, shown)
        yield from ("", *_examples(command.epilog or ""))


def _usage(argument: Any) -> str:
    said = argument.name.upper() + ("..." if argument.nargs < 0 else "")
    return said if argument.required else f"[{said}]"


def _examples(epilog: str) -> Iterator[str]:
    lines = [line.strip() for line in epilog.splitlines() if line.startswith("  ")]
    if lines:
        yield from ("```sh", *lines, "```", "")


def _option(it: Any) -> str:
    """Return the row of an option or an argument."""
    is_argument = it.param_type_name == "argument"
    names = [it.name.upper()] if is_argument else [*it.opts, *it.secondary_opts]
    variable = f"<br>`{it.envvar}`" if it.envvar else ""
    is_set = it.default is not None and it.default is not False and not callable(it.default)
    default = "required" if it.required else f"`{it.default}`" if is_set else ""
    said = ", ".join(f"`{name}`" for name in names)
    return f"| {said}{variable} | {default} | {_cell(it.help or '')} |"


def _parameters(made: type, registered: Any) -> str:
    """Return the parameters of an estimator in Python, with their defaults."""
    taken = inspect.signature(made).parameters.values()
    said = [f"`{it.name}={registered.parameters.get(it.name, it.default)!r}`" for it in taken]
    return ", ".join(said)


def _first_line(made: type) -> str:
    return (inspect.getdoc(made) or "").partition("\n")[0]


def _cell(text: str) -> str:
    """Return a text that is one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; return the exit code."""
    stale = []
    for name in PAGES:
        file = DOCS / name
        old = file.read_text(encoding="utf-8")
        new = page(name, old)
        if new != old:
            stale.append(name)
            if "--check" not in arguments:
                file.write_text(new, encoding="utf-8")
    if "--check" not in arguments or not stale:
        return 0
    sys.stderr.write(f"out of date: {', '.join(stale)}; run `make docs`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
