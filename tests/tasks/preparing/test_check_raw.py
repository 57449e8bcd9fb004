"""The stage of the first check: what it says of ids that were guessed."""

import logging

import pytest

from tasks.preparing.check_raw import check_raw
from tasks.preparing.checks import CheckSettings
from tasks.reading.columns import Columns
from tasks.reading.raw_feed import IngestSettings
from tasks.store.storage import Store
from tests.tasks.conftest import IngestRows

ROWS = [f"{n // 2},r{n},The kettle leaks for the {n}th time,2026-02-20" for n in range(8)]
ROWS += [f"{n},r{n},The lamp is dark for the {n}th time,2026-02-20" for n in range(10, 40)]
FEED = {"a.csv": "\n".join(["guid,requestId,text,date", *ROWS]).encode()}


def test_a_guessed_id_that_repeats_over_different_texts_is_doubted(
    store: Store, ingest_files: IngestRows, caplog: pytest.LogCaptureFixture
) -> None:
    raw, _ = ingest_files(FEED)
    with caplog.at_level(logging.WARNING):
        check_raw.fn(store, raw, CheckSettings(), None)
    # The folder of the test has the word in its name, and the log names folders.
    (said,) = {it for it in caplog.messages if "were guessed" in it}
    assert said == (
        "4 rows share an id with another text, and the ids of a.csv were guessed: column 'guid';"
        " `doc_id` under [ingest.columns] may be 'requestId', or a list of columns that make the id"
    )


@pytest.mark.parametrize("wanted", ["requestId", "guid"])
def test_ids_that_are_configured_or_unique_are_not_doubted(
    store: Store, ingest_files: IngestRows, caplog: pytest.LogCaptureFixture, wanted: str
) -> None:
    raw, _ = ingest_files(FEED, IngestSettings(columns=Columns(doc_id=wanted)))
    with caplog.at_level(logging.WARNING):
        check_raw.fn(store, raw, CheckSettings(), None)
    assert [it for it in caplog.messages if "were guessed" in it] == []
