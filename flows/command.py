"""What all commands share: their options, and errors as one sentence and an exit code."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

FAILED: Final = 1
BAD_USAGE: Final = 2

StoreOption = Annotated[Path, typer.Option(help="Folder of the store.")]
NewStoreOption = Annotated[
    Path, typer.Option("--store", help="Folder of the store; made if it is not there.")
]
FeedNameOption = Annotated[str | None, typer.Option(help="Needed if the store has several feeds.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def guarded(command: Callable[[], None], debug: bool) -> None:
    """Turn an error into one sentence and an exit code; the traceback only with --debug."""
    try:
        command()
    except KeyboardInterrupt:
        say_error("interrupted; run the same command again to go on where it stopped")
        sys.exit(130)
    except Exception as error:
        if debug:
            Console(stderr=True).print_exception()
        say_error(explain(error))
        sys.exit(_exit_code(error))


def explain(error: Exception) -> str:
    """Say an error in a sentence."""
    from flows.disk import disk_trouble
    from flows.runtime import store_state

    if _is_explained(error):
        return str(error)
    if trouble := disk_trouble(error, store_state()):
        return trouble
    return f"{type(error).__name__}: {error}; --debug shows where"


def say_error(sentence: str) -> None:
    """Say what went wrong where errors belong."""
    from flows.console import printable

    Console(stderr=True, highlight=False).print(
        f"nightfold: {escape(printable(sentence))}", soft_wrap=True, style="red"
    )


def _is_explained(error: Exception) -> bool:
    """Say whether an error was raised with a sentence for the person who reads it."""
    from flows.disk import StoreNotWritableError
    from tasks.lock import StoreBusyError

    return isinstance(error, ValueError | StoreBusyError | StoreNotWritableError)


def _exit_code(error: Exception) -> int:
    from flows.config import ConfigError
    from flows.results import NoNightError
    from tasks.feed import FeedMissingError

    is_usage = isinstance(error, ConfigError | FeedMissingError | NoNightError)
    return BAD_USAGE if is_usage else FAILED


def say(line: str) -> None:
    """Say a line as it is: nothing in it is mark-up or steers the terminal."""
    from flows.console import printable

    Console(highlight=False).print(escape(printable(line)), soft_wrap=True)
