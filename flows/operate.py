"""The operator's commands on a store that is there."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from flows.command import FAILED, DebugOption, StoreOption, guarded

if TYPE_CHECKING:
    from tasks.finding import Finding


def doctor(
    store: StoreOption,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what can be derived again.")
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Check a store against its manifests; exit code 0 if it is sound, 1 if not."""

    def examine_store() -> None:
        from tasks.doctor import examine, repair_all
        from tasks.lock import store_lock

        root = _existing(store)
        console = Console(highlight=False)
        with store_lock(root, "doctor"):
            repaired, left = repair_all(root) if repair else ([], examine(root))
        for finding in repaired:
            _say(console, f"repaired {finding.file}: {finding.rule}: {finding.problem}")
        _say_findings(console, left)
        if left:
            sys.exit(FAILED)

    guarded(examine_store, debug)


def _say_findings(console: Console, left: "list[Finding]") -> None:
    for finding in left:
        _say(console, finding.line())
    _say(console, f"{len(left):,} findings" if left else "the store is sound")


def _existing(store: Path) -> Path:
    """Give the root of a store that is there.

    Raises
    ------
    NoNightError
        If it is not.
    """
    from flows.results import NoNightError

    root = store.expanduser().absolute()
    if not any((root / part).is_dir() for part in ("runs", "state")):
        raise NoNightError(f"{root} is no store; give the --store of an earlier run")
    return root


def _say(console: Console, line: str) -> None:
    from flows.console import printable

    console.print(escape(printable(line)), soft_wrap=True)
