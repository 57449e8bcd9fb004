"""`nightfold init`: look at a feed, and write its first configuration file."""

from datetime import date
from pathlib import Path
from typing import Annotated, Final

import typer

from flows.cli.check import tried
from flows.cli.command import DAY, DebugOption, day, guarded, say
from flows.toml_file import ConfigError

EXAMPLES: Final = (
    "nightfold init reviews.jsonl",
    "nightfold init s3://bucket/reviews/ --store /data/reviews --out reviews.toml",
)


def init(
    feed: Annotated[str, typer.Argument(help="File, folder, glob or URL: as for `run`.")],
    out: Annotated[Path, typer.Option(help="The file to write; it must not be there.")] = Path(
        "nightfold.toml"
    ),
    store: Annotated[Path, typer.Option(help="Folder of the store to name in it.")] = Path(
        "nightfold-store"
    ),
    night: Annotated[
        date | None, typer.Option(parser=day, metavar=DAY, help="Today (UTC) if left out.")
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Look at a feed and write a commented configuration file for it.

    It says which column is what, with examples, what a night would refuse and what to set against
    that. `nightfold run --config FILE` works with it as it is.
    """

    def write() -> None:
        _require_new(out)
        text = starter_toml(feed, store, night)
        _write_new(out, text)
        say(f"wrote {out}: read it, then `nightfold run --config {out}`")

    guarded(write, debug)


def starter_toml(feed: str, store: Path, night: date | None) -> str:
    """Return the configuration file of a feed."""
    with tried(feed, None, night) as (settings, trial, found):
        # After what sets up the environment of the libraries.
        from flows.config import NightlyConfig
        from tasks.operating.starter import Starter
        from tasks.operating.survey import survey_rows

        placed = NightlyConfig(feed=settings.feed, store=store)
        say(found.outlook())
        return Starter(
            feed=placed.feed,
            store=placed.store,
            found=found,
            survey=survey_rows(trial.rows, trial.raw.columns, trial.limits),
            other_ids=trial.raw.guessed_ids,
            max_text_chars=settings.prepare.max_text_chars,
        ).toml()


def _require_new(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise _taken(out)


def _write_new(out: Path, text: str) -> None:
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise _taken(out) from None
    except OSError as error:
        raise ConfigError(f"{out} must be a file that can be written, but {error}") from error


def _taken(out: Path) -> ConfigError:
    return ConfigError(f"{out} is there already and is left as it is; name another with --out")
