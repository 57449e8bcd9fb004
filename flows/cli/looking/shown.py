"""How commands show what they have found: lines for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.command import say
from flows.terminal.output import require_shown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def show_lines(lines: Iterable[str]) -> None:
    """Print lines, or fail; see `require_shown`."""
    for line in lines:
        say(line)
    require_shown()


def show_json(found: object) -> None:
    """Print an object as JSON, or fail; see `require_shown`."""
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    require_shown()


def show(found: "DataclassInstance", lines: Iterable[str], as_json: bool) -> None:
    """Print what was found, as JSON or in lines."""
    if as_json:
        show_json(asdict(found))
    else:
        show_lines(lines)
