"""`nightfold init`: look at a feed, and write its first configuration file."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from flows.cli.check import let_libraries_be_quiet, tried
from flows.cli.command import (
    DebugOption,
    ModalityOption,
    OneOfFeedsOption,
    TonightOption,
    guarded,
    say,
)
from flows.feeds import settings_in
from flows.toml_file import ConfigError, stated

if TYPE_CHECKING:
    from tasks.operating.proven import Proven
    from tasks.operating.starter import Starter

EXAMPLES: Final = (
    "nightfold init reviews.jsonl",
    "nightfold init s3://bucket/reviews/ --store /data/reviews --out reviews.toml",
    "nightfold init json+https://host/api/reviews --config http.toml",
    "nightfold init photos/ --out photos.toml",
)

_STORE: Final = "nightfold-store"

_USUAL: Final = "text"
"""Setting `modality` where none is written."""

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
    modality: ModalityOption = None,
    debug: DebugOption = False,
) -> None:
    """Look at a feed and write a commented configuration file for it.

    It says what the documents are, which column is what, with examples, what a night would refuse
    and what to set against that. `nightfold run --config FILE` works with it as it is.
    """

    def write() -> None:
        _require_new(out)
        text = starter_toml(feed, store, night, config, feed_name, modality)
        _write_new(out, text)
        say(f"wrote {out}: read it, then `nightfold run --config {out}`")

    guarded(write, debug)


def starter_toml(
    feed: str | None,
    store: Path | None,
    night: date | None,
    config: Path | None = None,
    feed_name: str | None = None,
    modality: str | None = None,
) -> str:
    """Return the configuration file of a feed.

    Parameters
    ----------
    feed, night, config, feed_name, modality
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
    kind = _kind(placed["feed"], config, night, kept, modality)
    look = partial(_looked, config, night, placed, kept, kind)
    starter = _proven(look, kept.get("ingest", {}).keys())
    say(starter.found.outlook())
    return starter.toml()


class _Kind(NamedTuple):
    """What the documents of a feed are, the settings of that kind, and what is said of both."""

    modality: str
    settings: dict[str, Any]
    said: list[str]

    def laid_under(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings of a file with those of the kind, which count less."""
        if self.modality == _USUAL:
            return dict(kept)
        own = {**self.settings, **kept.get(self.modality, {})}
        return {**kept, "modality": self.modality, **({self.modality: own} if own else {})}


def _kind(
    feed: str,
    config: Path | None,
    night: date | None,
    kept: Mapping[str, Any],
    modality: str | None,
) -> _Kind:
    """Find what the documents are: as it is said, else the first kind that the feed looks like."""
    let_libraries_be_quiet()
    from flows.config import load_config
    from flows.modality.before import BEFORE
    from tasks.operating.glance import glance_at
    from tasks.store.storage import Store

    said = modality or kept.get("modality")
    with TemporaryDirectory() as scratch:
        given = {"feed": feed, "store": scratch, "night": night, "modality": said}
        settings = load_config(config, {**given, "feed_name": kept.get("feed_name")})
        aside = Store(root=Path(scratch), feed="glance", night=settings.night)
        glance = glance_at(aside, settings.tonights_feed(), settings.ingest, settings.sources())
    told = {name: found for name, kind in BEFORE.items() if (found := kind.told(glance))}
    chosen = said or next(iter(told), _USUAL)
    others = [
        f"{it.why}: --modality {name} looks at these" for name, it in told.items() if name != chosen
    ]
    if chosen not in told:
        return _Kind(chosen, {}, others)
    is_plain = chosen == _USUAL and not others
    why = [] if is_plain else [f"modality {chosen!r}: {told[chosen].why}"]
    return _Kind(chosen, dict(told[chosen].settings), [*why, *others])


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
    kind: _Kind,
    proven: "Sequence[Proven]",
) -> "Starter":
    """Look at a feed, with settings under [ingest] that it has proven."""
    whole = kind.laid_under(kept)
    more = {f"{kind.modality}.{key}": it for key, it in whole.get(kind.modality, {}).items()}
    more |= {f"ingest.{it.key}": it.value for it in proven}
    feed_name = kept.get("feed_name")
    with tried(placed["feed"], config, night, feed_name, more, kind.modality) as looked:
        # After what sets up the environment of the libraries.
        from flows.config import NightlyConfig
        from flows.modality.before import BEFORE
        from tasks.operating.starter import Starter
        from tasks.operating.survey import survey_rows

        settings, trial, found = looked
        where = NightlyConfig.model_validate({**placed, **settings.sources().model_dump()})
        return Starter(
            feed=where.feed,
            store=where.store,
            found=found,
            survey=survey_rows(trial.rows, trial.raw.columns, trial.limits),
            other_ids=trial.raw.guessed_ids,
            max_text_chars=settings.prepare.max_text_chars,
            proven=proven,
            kept=whole,
            told=kind.said,
            items=BEFORE[kind.modality].looks(trial),
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
