"""What all commands share: their options, and errors as one sentence and an exit code."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from flows.explain import exit_code_of, explain

INTERRUPTED: Final = 130
"""As shells have it: 128 and the number of SIGINT."""

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
        sys.exit(INTERRUPTED)
    except Exception as error:
        if debug:
            Console(stderr=True).print_exception()
        say_error(explain(error))
        sys.exit(exit_code_of(error))


def say_error(sentence: str) -> None:
    """Print what went wrong where errors belong."""
    from flows.console import printable

    Console(stderr=True, highlight=False).print(
        f"nightfold: {escape(printable(sentence))}", soft_wrap=True, style="red"
    )


def say(line: str) -> None:
    """Print a line as it is: nothing in it is mark-up or steers the terminal."""
    from flows.console import printable

    Console(highlight=False).print(escape(printable(line)), soft_wrap=True)
