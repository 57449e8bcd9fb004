"""The commands that write down what a person has decided about clusters."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from flows.cli.command import (
    DebugOption,
    FeedNameOption,
    StoreOption,
    examples,
    guarded,
    say,
)

if TYPE_CHECKING:
    from tasks.curating.check import LastNight
    from tasks.curating.file import TonightsCuration

app = typer.Typer(
    help="Name, merge, split, hide and group clusters to stay.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    epilog=examples("nightfold curate pin -h", "nightfold curate split -h"),
    rich_markup_mode=None,
)

FileOption = Annotated[
    Path | None, typer.Option("--curation", help="In place of curation.toml in the store.")
]
ClusterArgument = Annotated[str, typer.Argument(help="Its id, as `nightfold clusters` shows it.")]
ClustersArgument = Annotated[list[str], typer.Argument(help="Their ids.")]

_STORE: Final = "--store my-store"


@app.command(epilog=examples(f"nightfold curate pin c-20260301-007 'billing' {_STORE}"))
def pin(
    cluster: ClusterArgument,
    name: Annotated[str, typer.Argument(help="What it is called from tonight on.")],
    store: StoreOption,
    feed_name: FeedNameOption = None,
    curation: FileOption = None,
    debug: DebugOption = False,
) -> None:
    """Give a cluster a name that stays."""
    rule = {"cluster": cluster, "name": name}
    guarded(lambda: _write(store, feed_name, curation, "pin", rule), debug)


@app.command(
    epilog=examples(f"nightfold curate merge c-20260301-002 --into c-20260301-007 {_STORE}")
)
def merge(
    clusters: ClustersArgument,
    into: Annotated[str, typer.Option(help="The id of the cluster that they belong to.")],
    store: StoreOption,
    feed_name: FeedNameOption = None,
    curation: FileOption = None,
    debug: DebugOption = False,
) -> None:
    """Make clusters one."""
    rule = {"clusters": clusters, "into": into}
    guarded(lambda: _write(store, feed_name, curation, "merge", rule), debug)


@app.command(
    epilog=examples(
        f"nightfold curate split c-20260301-011 --terms 'login, password' --name access {_STORE}"
    )
)
def split(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    cluster: ClusterArgument,
    terms: Annotated[str, typer.Option(help="Words or phrases with commas between them.")],
    name: Annotated[str, typer.Option(help="What the part is called.")],
    store: StoreOption,
    feed_name: FeedNameOption = None,
    curation: FileOption = None,
    debug: DebugOption = False,
) -> None:
    """Part the documents with some words off a cluster."""
    rule = {"cluster": cluster, "terms": terms, "name": name}
    guarded(lambda: _write(store, feed_name, curation, "split", rule), debug)


@app.command(epilog=examples(f"nightfold curate ignore c-20260301-012 {_STORE}"))
def ignore(
    cluster: ClusterArgument,
    store: StoreOption,
    feed_name: FeedNameOption = None,
    curation: FileOption = None,
    debug: DebugOption = False,
) -> None:
    """Hide a cluster; its documents stay in it."""
    guarded(lambda: _write(store, feed_name, curation, "ignore", {"cluster": cluster}), debug)


@app.command(
    epilog=examples(f"nightfold curate category money c-20260301-007 c-20260301-001 {_STORE}")
)
def category(
    name: Annotated[str, typer.Argument(help="The heading.")],
    clusters: ClustersArgument,
    store: StoreOption,
    feed_name: FeedNameOption = None,
    curation: FileOption = None,
    debug: DebugOption = False,
) -> None:
    """Put clusters under a heading."""
    rule = {"name": name, "clusters": clusters}
    guarded(lambda: _write(store, feed_name, curation, "category", rule), debug)


@app.command(epilog=examples(f"nightfold curate exclude R-1042 c-20260301-008 {_STORE}"))
def exclude(
    doc_id: Annotated[str, typer.Argument(help="The id of a document.")],
    cluster: ClusterArgument,
    store: StoreOption,
    feed_name: FeedNameOption = None,
    curation: FileOption = None,
    debug: DebugOption = False,
) -> None:
    """Put a document out of a cluster, into the next best one."""
    rule = {"doc_id": doc_id, "cluster": cluster}
    guarded(lambda: _write(store, feed_name, curation, "exclude", rule), debug)


@app.command("list", epilog=examples(f"nightfold curate list {_STORE}"))
def list_rules(
    store: StoreOption,
    feed_name: FeedNameOption = None,
    curation: FileOption = None,
    debug: DebugOption = False,
) -> None:
    """Show the rules of a feed, and those that rest."""

    def show() -> None:
        last, tonights = _read(store, feed_name, curation)[1:]
        rested = last.manifest.curation.get("resting", [])
        for rule in tonights.rules.rules():
            sentence = rule.said()
            why = [it for it in rested if it.startswith(f"{sentence}: ")]
            say(f"rests: {why[0]}" if why else sentence)
        if not tonights.rules.rules():
            say("no rules")

    guarded(show, debug)


@app.command(epilog=examples(f"nightfold curate undo {_STORE}"))
def undo(
    store: StoreOption,
    curation: FileOption = None,
    debug: DebugOption = False,
) -> None:
    """Take back the last change, or that again."""

    def take_back() -> None:
        from tasks.curating.edit import undo as undo_change
        from tasks.store.bucket.claim import look, send_curation

        look(store)
        path = _path(store, curation)
        undo_change(path)
        send_curation(store)
        say(f"{path} is as it was before the last change")

    guarded(take_back, debug)


def _write(
    root: Path, feed_name: str | None, file: Path | None, kind: str, rule: dict[str, Any]
) -> None:
    """Write a rule, and say what it does from tonight on."""
    from tasks.curating.check import require_inside, require_known
    from tasks.curating.edit import change
    from tasks.curating.rules import DEFAULT_FEED
    from tasks.store.bucket.claim import send_curation

    night, last, tonights = _read(root, feed_name, file)
    require_known(_clusters_in(rule), last, tonights.rules)
    if "doc_id" in rule:
        require_inside(night, last, rule["doc_id"], rule["cluster"])
    own = {} if night.feed == DEFAULT_FEED else {"feed": night.feed}
    path = _path(root, file)
    written = change(path, kind, rule | own)
    send_curation(root)
    say(f"from the next night on: {written.said()}")
    for cluster in _clusters_in(rule):
        say(f"  {last.called(cluster)}")
    say(f"written to {path}; `nightfold curate undo` takes it back")


def _read(
    root: Path, feed_name: str | None, file: Path | None
) -> "tuple[Any, LastNight, TonightsCuration]":
    """Read the last night of a feed, and its rules."""
    from tasks.curating.check import read_last_night
    from tasks.curating.file import TonightsCuration, read_curation
    from tasks.reporting.published import last_night

    night, path = last_night(root, feed_name), _path(root, file)
    rules = read_curation(night, path) if path.exists() else TonightsCuration()
    return night, read_last_night(night), rules


def _path(root: Path, file: Path | None) -> Path:
    from tasks.curating.file import CURATION

    return file.expanduser().absolute() if file else root.expanduser().absolute() / CURATION


def _clusters_in(rule: dict[str, Any]) -> Sequence[str]:
    """Return the clusters that a rule speaks of."""
    named = (rule.get("cluster"), *rule.get("clusters", ()), rule.get("into"))
    return [cluster for cluster in named if cluster]
