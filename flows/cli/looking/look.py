"""`nightfold explain`, `history` and `search`: questions to published nights."""

import os
from typing import Annotated, Final

import typer

from flows.cli.command import (
    DebugOption,
    FeedNameOption,
    PublishedNightOption,
    StoreOption,
    guarded,
)
from flows.cli.looking.shown import JsonOption, show

EXAMPLES: Final = {
    "explain": (
        "nightfold explain R-1042 --store my-store",
        "nightfold explain R-1042 --store my-store --night 2026-03-01 --json",
    ),
    "history": ("nightfold history c-20260301-004 --store my-store",),
    "search": (
        "nightfold search 'battery dies' --store my-store",
        "nightfold search refund --store my-store --night 2026-03-01 --limit 50 --json",
    ),
}
"""Command → how it is called."""


def explain(
    doc_id: Annotated[str, typer.Argument(help="Id of a document in the window of the night.")],
    store: StoreOption,
    feed_name: FeedNameOption = None,
    night: PublishedNightOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show why a document is in its cluster.

    The nearest examples, shared terms, the runner-up, and the themes of its passages.
    """

    def look() -> None:
        from tasks.reporting.published import published_night

        found_night = published_night(store, feed_name, night)
        from tasks.looking.explain import explain as explain_document
        from tasks.looking.lines import explained

        found = explain_document(found_night, doc_id)
        show(found, explained(found), as_json)

    guarded(look, debug)


def history(
    cluster_id: Annotated[str, typer.Argument(help="For instance c-20260301-004.")],
    store: StoreOption,
    feed_name: FeedNameOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show what a cluster was, night by night.

    Its name, its size, and what happened to it.
    """

    def look() -> None:
        from tasks.looking.history import read_cluster_history
        from tasks.looking.lines import history as lines_of
        from tasks.reporting.published import last_night

        found = read_cluster_history(last_night(store, feed_name), cluster_id)
        show(found, lines_of(found), as_json)

    guarded(look, debug)


def search(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    text: Annotated[str, typer.Argument(help="Words, or a sentence that says what is meant.")],
    store: StoreOption,
    feed_name: FeedNameOption = None,
    night: PublishedNightOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Documents to show, at most.")] = 10,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Search a night's documents and clusters by word and by meaning.

    By word alone where the night's encoder is not on this machine.
    """

    def look() -> None:
        # A look fetches nothing; the hub's library reads this when it is loaded.
        os.environ["HF_HUB_OFFLINE"] = "1"
        from tasks.reporting.published import published_night

        found_night = published_night(store, feed_name, night)
        from tasks.looking.lines import searched
        from tasks.looking.search import search as search_night

        found = search_night(found_night, text, limit)
        show(found, searched(found), as_json)

    guarded(look, debug)
