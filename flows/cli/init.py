"""`nightfold init`: look at a feed, and write its first configuration file."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from flows.cli.check import tried
from flows.cli.command import DebugOption, OneOfFeedsOption, TonightOption, guarded, say
from flows.feeds import settings_in
from flows.toml_file import ConfigError, stated

if TYPE_CHECKING:
    from tasks.operating.proven import Proven
    from tasks.operating.starter import Starter

EXAMPLES: Final = (
    "nightfold init reviews.jsonl",
    "nightfold init s3://bucket/reviews/ --store /data/reviews --out reviews.toml",
    "nightfold init json+https://host/api/reviews --config http.toml",
)

_STORE: Final = "nightfold-store"

Look = Callable[["Sequence[Proven]"], "Starter"]
"""Look at the feed with the settings that are proven by now."""


def init(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    feed: Annotated[
        str | None,
        typer.Argument(help="File, folder, glob or URL: as for `run`; else that of the config."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The file to write; it must not be there.")] = Path(
        "nightfold.toml"
    ),
    store: Annotated[
        Path | None,
        typer.Option(help="Folder of the store to name in it; nightfold-store if left out."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="A TOML file with settings that the feed needs; they are kept."),
    ] = None,
    night: TonightOption = None,
    feed_name: OneOfFeedsOption = None,
    debug: DebugOption = False,
) -> None:
    """Look at a feed and write a commented configuration file for it.

    It says which column is what, with examples, what a night would refuse and what to set against
    that. `nightfold run --config FILE` works with it as it is.
    """

    def write() -> None:
        _require_new(out)
        text = starter_toml(feed, store, night, config, feed_name)
        _write_new(out, text)
        say(f"wrote {out}: read it, then `nightfold run --config {out}`")

    guarded(write, debug)


def starter_toml(
    feed: str | None,
    store: Path | None,
    night: date | None,
    config: Path | None = None,
    feed_name: str | None = None,
) -> str:
    """Return the configuration file of a feed.

    Parameters
    ----------
    feed, night, config, feed_name
        As the command line has them.
    store
        As the command line has it; else that of the config.
    """
    given = settings_in(config, feed_name)
    placed = {
        "feed": stated("feed", feed, given, config),
        "store": str(store or given.get("store", _STORE)),
    }
    kept = {key: value for key, value in given.items() if key not in placed}
    starter = _proven(partial(_looked, config, night, placed, kept), kept.get("ingest", {}).keys())
    say(starter.found.outlook())
    return starter.toml()


def _proven(look: Look, is_set: Collection[str]) -> "Starter":
    """Look at a feed until nothing more is proven that a person has not set."""
    starter = look(()) if "encoding" in is_set else _in_its_encoding(look)
    # Now that the environment of the libraries is set up.
    from tasks.operating.proven import ORDER, proven_order

    order = None if ORDER & set(is_set) else proven_order(starter.survey.order)
    return starter if order is None else _again(look, (*starter.proven, order))


def _in_its_encoding(look: Look) -> "Starter":
    """Look at a feed, once more where bytes say that its encoding is another."""
    from tasks.reading.sources.errors import FeedEncodingError

    try:
        starter = look(())
    except FeedEncodingError as error:
        from tasks.operating.proven import foreign_encoding

        return _again(look, (foreign_encoding(str(error)),))
    from tasks.operating.proven import proven_encoding

    foreign = proven_encoding(starter.found)
    if foreign is None:
        return starter
    again = _again(look, (foreign,))
    return starter if proven_encoding(again.found) else again


def _again(look: Look, proven: "Sequence[Proven]") -> "Starter":
    """Say what the last look has proven, and look with it."""
    say(f"{proven[-1].why}; looking again with it")
    return look(proven)


def _looked(
    config: Path | None,
    night: date | None,
    placed: Mapping[str, str],
    kept: Mapping[str, Any],
    proven: "Sequence[Proven]",
) -> "Starter":
    """Look at a feed, with settings under [ingest] that it has proven."""
    ingest = {it.key: it.value for it in proven}
    with tried(placed["feed"], config, night, kept.get("feed_name"), ingest) as looked:
        # After what sets up the environment of the libraries.
        from flows.config import NightlyConfig
        from tasks.operating.starter import Starter
        from tasks.operating.survey import survey_rows

        settings, trial, found = looked
        if settings.modality != "text":
            raise ConfigError(
                f"init looks at texts, got modality {settings.modality!r}: a night of these needs"
                " no more than that and `feed`; `nightfold check` says what it would refuse"
            )
        where = NightlyConfig.model_validate({**placed, **settings.sources().model_dump()})
        return Starter(
            feed=where.feed,
            store=where.store,
            found=found,
            survey=survey_rows(trial.rows, trial.raw.columns, trial.limits),
            other_ids=trial.raw.guessed_ids,
            max_text_chars=settings.prepare.max_text_chars,
            proven=proven,
            kept=kept,
        )


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
