"""Give tonight's clusters titles, where a language model is configured.

Reads  clusters, state/titles/
Writes clusters with titles; state/titles/
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from tasks.boundary.counted import counted
from tasks.curating.curate import Curated
from tasks.frame.stage import stage
from tasks.store.storage import Store, keep_table, read_table
from tasks.titling.ask import NoTitleError, Server, asking
from tasks.titling.kept import keep_title, kept_title
from tasks.titling.prompts import Row, messages_of, titled_kind
from tasks.titling.settings import URL_VARIABLE, TitleSettings
from validation.tables.cluster_schemas import CLUSTERS
from validation.tables.columns import TITLE

logger = logging.getLogger(__name__)

_MOST_FAILURES: Final = 3
"""In a row: a server that is away would cost its timeout for every cluster."""


@stage("titles", version=1, cached=False)
def give_titles(store: Store, curated: Curated, settings: TitleSettings) -> Curated:
    """Ask for a title of every cluster that is new or called something else than before.

    Whatever fails costs titles and never the night; the next run asks again.
    """
    rows = read_table(store, curated.tables["clusters"]).to_pylist()
    titles = [kept_title(store, settings.model, it) if titled_kind(it) else None for it in rows]
    wanted = [place for place, it in enumerate(rows) if titled_kind(it) and not titles[place]]
    if wanted:
        _ask(store, settings, rows, titles, wanted)
    titled = pa.Table.from_pylist(
        [row | {TITLE: title} for row, title in zip(rows, titles, strict=True)], schema=CLUSTERS
    )
    tables = {**curated.tables, "clusters": keep_table(store, "titles", titled)}
    return curated.model_copy(update={"tables": tables})


def _ask(
    store: Store,
    settings: TitleSettings,
    rows: Sequence[dict[str, Any]],
    titles: list[str | None],
    wanted: Sequence[int],
) -> None:
    """Ask for the titles that are wanted, put them in their places, and say what has failed."""
    address = settings.address()
    if address is None:
        logger.warning(
            "no titles: url under [titles], or %s, must be the http:// or https:// address of a"
            " server; set one of them, or leave model out",
            URL_VARIABLE,
        )
        return
    failures: list[str] = []
    with asking(settings, address) as server:
        for place in wanted:
            if len(failures) >= _MOST_FAILURES:
                break
            titles[place] = _asked(server, rows[place], rows, failures)
            if title := titles[place]:
                failures.clear()
                keep_title(store, settings.model, rows[place], title)
    n_given = sum(titles[place] is not None for place in wanted)
    logger.info("%s from %s", counted(n_given, "new title"), settings.model)
    if n_given < len(wanted):
        why = failures[-1] if failures else "the server gave none"
        logger.warning("%s without a title: %s", counted(len(wanted) - n_given, "cluster"), why)


def _asked(server: Server, row: Row, rows: Sequence[Row], failures: list[str]) -> str | None:
    try:
        return server.title(messages_of(row, rows))
    except NoTitleError as error:
        failures.append(str(error))
        return None
