"""The stage of the first check: guessed ids that are doubted, and nights without news."""

import json
import logging

import pytest

from tasks.preparing.check_raw import check_raw
from tasks.preparing.checks import CheckSettings
from tasks.reading.named_columns import Columns
from tasks.reading.raw_feed import IngestSettings
from tasks.store.storage import Store
from tests.tasks.conftest import IngestRows
from validation.report import DataValidationError
from validation.usual import UsualNight

ROWS = [f"{n // 2},r{n},The kettle leaks for the {n}th time,2026-02-20" for n in range(8)]
ROWS += [f"{n},r{n},The lamp is dark for the {n}th time,2026-02-20" for n in range(10, 40)]
FEED = {"a.csv": "\n".join(["guid,requestId,text,date", *ROWS]).encode()}


def test_a_guessed_id_that_repeats_over_different_texts_is_doubted(
    store: Store, ingest_files: IngestRows, caplog: pytest.LogCaptureFixture
) -> None:
    raw, _ = ingest_files(FEED)
    with caplog.at_level(logging.WARNING):
        check_raw.fn(store, raw, CheckSettings(), UsualNight())
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
        check_raw.fn(store, raw, CheckSettings(), UsualNight())
    assert [it for it in caplog.messages if "were guessed" in it] == []


def test_no_rows_are_refused_but_on_a_quiet_night(store: Store, ingest_files: IngestRows) -> None:
    raw, _ = ingest_files({"a.csv": b"id,text\n"})
    with pytest.raises(DataValidationError, match="rows_present"):
        check_raw.fn(store, raw, CheckSettings(), UsualNight())
    checked = check_raw.fn(store, raw, CheckSettings(), UsualNight(), is_quiet=True)
    assert checked.refused.rows == 0
    outcomes = json.loads(store.resolve(checked.checks["raw"]).read_bytes())["outcomes"]
    assert all(rule["success"] for rule in outcomes)
