"""What all commands share: their options, and errors as one sentence and an exit code."""

import sys
import traceback
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from flows.explain import exit_code_of, explain

INTERRUPTED: Final = 130
"""As shells have it: 128 and the number of SIGINT."""

DAY: Final = "YYYY-MM-DD"

STORE: Final = "NIGHTFOLD_STORE"
FEED: Final = "NIGHTFOLD_FEED"
FEED_NAME: Final = "NIGHTFOLD_FEED_NAME"
"""Variables in place of options that commands need before they read settings; see
`flows.variables` for all others."""


def day(text: str) -> date:
    """Parse the date of a night.

    Raises
    ------
    typer.BadParameter
        Showing what a date looks like.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise typer.BadParameter(
            f"must be a day as YYYY-MM-DD, for instance 2026-03-01, got {text!r}"
        ) from error


def store_root(text: str) -> Path:
    """Return the folder of a store: of one on a bucket, its working copy on this machine.

    Raises
    ------
    typer.BadParameter
        If it is no place that a store can have.
    """
    from tasks.store.bucket.place import BucketPlaceError, is_bucket_url, root_of

    try:
        return root_of(text) if is_bucket_url(text) else Path(text)
    except BucketPlaceError as error:
        raise typer.BadParameter(str(error)) from error


StoreOption = Annotated[
    Path,
    typer.Option(
        envvar=STORE, parser=store_root, metavar="PATH", help="Folder of the store, or s3:// URL."
    ),
]
NewStoreOption = Annotated[
    Path,
    typer.Option(
        "--store",
        envvar=STORE,
        parser=store_root,
        metavar="PATH",
        help="Folder of the store, created if it does not exist, or s3:// URL.",
    ),
]
FeedNameOption = Annotated[
    str | None,
    typer.Option(envvar=FEED_NAME, help="Needed if the store has several feeds."),
]
TonightOption = Annotated[
    date | None, typer.Option(parser=day, metavar=DAY, help="Today (UTC) if left out.")
]
PublishedNightOption = Annotated[
    date | None, typer.Option(parser=day, metavar=DAY, help="The last one if left out.")
]
ConfigOption = Annotated[Path | None, typer.Option(help="A TOML file; see docs/settings.md.")]
OneOfFeedsOption = Annotated[
    str | None, typer.Option(help="Needed if the config has several feeds.")
]
WindowOption = Annotated[
    int | None, typer.Option(help="Days, including tonight, that are clustered together.")
]
CurationOption = Annotated[
    Path | None, typer.Option(help="In place of curation.toml in the store.")
]
ModalityOption = Annotated[
    str | None, typer.Option(help="What a document is: text, images or series.")
]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def examples(*lines: str) -> str:
    """Lay out the examples at the end of a command's help; click keeps lines after a backspace."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def guarded(command: Callable[[], None], debug: bool) -> None:
    """Turn an error into one sentence and an exit code; the traceback only with --debug."""
    try:
        command()
    except KeyboardInterrupt:
        say_error("interrupted; run the same command again to resume")
        sys.exit(INTERRUPTED)
    except Exception as error:
        sys.exit(said_error(error, debug))


def said_error(error: Exception, debug: bool, where: str = "") -> int:
    """Print an error as a sentence, the traceback only with --debug; return its exit code."""
    if debug:
        _show_traceback(error)
    say_error(f"{where}{explain(error)}")
    return exit_code_of(error)


def _show_traceback(error: Exception) -> None:
    """Print a traceback without secrets, in which no text of a feed controls the terminal."""
    from tasks.boundary.inert import inert
    from tasks.boundary.secret_urls import mask_secrets

    lines = inert(mask_secrets("".join(traceback.format_exception(error))), kept="\n\t")
    Console(stderr=True, highlight=False).print(escape(lines), soft_wrap=True)


def say_error(sentence: str) -> None:
    """Print an error message on standard error."""
    from tasks.boundary.printable import as_markup

    Console(stderr=True, highlight=False).print(
        f"nightfold: {as_markup(sentence)}", soft_wrap=True, style="red"
    )


def say(line: str) -> None:
    """Print a line as it is: nothing in it is mark-up or controls the terminal."""
    from tasks.boundary.printable import as_markup

    Console(highlight=False).print(as_markup(line), soft_wrap=True)
