"""`nightfold clusters`: the clusters of a published night."""

import sys
from typing import Final

from rich.console import Console

from flows.cli.command import (
    DebugOption,
    FeedNameOption,
    PublishedNightOption,
    StoreOption,
    guarded,
)
from flows.cli.looking.shown import JsonOption
from flows.terminal.output import require_shown

EXAMPLES: Final = (
    "nightfold clusters --store my-store",
    "nightfold clusters --store my-store --night 2026-03-01 --json",
)


def clusters(
    store: StoreOption,
    feed_name: FeedNameOption = None,
    night: PublishedNightOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show the clusters of a night.

    In a pipe one line each, its parts with tabs between them, below a line that names the parts.
    """

    def show() -> None:
        from tasks.reporting.night_view import read_night
        from tasks.reporting.published import published_night
        from tasks.reporting.render.clusters_json import clusters_json
        from tasks.reporting.render.plain import cluster_lines
        from tasks.reporting.render.terminal import show_clusters, show_insights

        found = read_night(published_night(store, feed_name, night))
        if as_json:
            sys.stdout.write(clusters_json(found) + "\n")
        elif Console().is_terminal:
            show_clusters(Console(), found)
            show_insights(Console(), found)
        else:
            sys.stdout.writelines(f"{line}\n" for line in cluster_lines(found))
        require_shown()

    guarded(show, debug)
