"""`nightfold config show`: every setting, and where it comes from."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from flows.cli.command import (
    ConfigOption,
    DebugOption,
    OneOfFeedsOption,
    TonightOption,
    examples,
    guarded,
)
from flows.cli.looking.shown import JsonOption, show_json, show_lines

if TYPE_CHECKING:
    from flows.origins import Setting

app = typer.Typer(
    help="Look at the settings of a night.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=examples("nightfold config show -h"),
)

_SHOW: Final = (
    "nightfold config show",
    "nightfold config show --config nightfold.toml --json",
    "NIGHTFOLD_WINDOW_DAYS=7 nightfold config show reviews.jsonl --store my-store",
)


@app.command(epilog=examples(*_SHOW))
def show(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    feed: Annotated[str | None, typer.Argument(help="As for `run`.")] = None,
    store: Annotated[str | None, typer.Option(help="As for `run`.")] = None,
    night: TonightOption = None,
    feed_name: OneOfFeedsOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show every setting of a night, and where it comes from.

    A default, a line of the file, a variable NIGHTFOLD_…, or an option; the later ones count more.
    """

    def look() -> None:
        from flows.origins import settings_with_origins

        given = {"feed": feed, "store": store, "night": night, "feed_name": feed_name}
        found = settings_with_origins(config, given)
        if as_json:
            show_json([asdict(it) for it in found])
        else:
            show_lines(_lines(found))

    guarded(look, debug)


def _lines(settings: "Iterable[Setting]") -> Iterator[str]:
    for it in settings:
        value = "not set" if it.source == "none" else json.dumps(it.value, ensure_ascii=False)
        where = "" if it.source == "none" else f"  # {it.where or it.source}"
        yield f"{it.key} = {value}{where}"
