"""`nightfold encoder`: an encoder as a folder, multilingual, or static for a first look."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from flows.cli.command import DebugOption, guarded
from flows.terminal.output import require_shown

EXAMPLES: Final = (
    "nightfold encoder multilingual-encoder",
    "nightfold encoder first-look --static",
)


def encoder(
    folder: Annotated[
        Path,
        typer.Argument(help="A new folder; the encoder takes 490 MB in it, a static one 32 MB."),
    ],
    static: Annotated[
        bool,
        typer.Option(
            "--static",
            help="Write a static encoder instead, distilled from the default one: for a first look"
            " at very many texts.",
        ),
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Write a multilingual encoder to a folder, or a static one.

    The multilingual one comes with the extra [multilingual]; nothing is fetched. Prints the line
    that a configuration needs.
    """

    def write() -> None:
        from tasks.boundary.toml_text import toml_string
        from tasks.operating.encoder_folders import lay_out_multilingual, lay_out_static

        written = lay_out_static(folder) if static else lay_out_multilingual(folder)
        sys.stdout.write(f"encoder = {toml_string(str(written))}\n")
        require_shown()

    guarded(write, debug)
