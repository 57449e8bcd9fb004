"""What becomes of candidates behind their check; as stages: test_prepare.py, test_withdraw.py."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from tasks.preparing.check_prepared import accepted, count_late, documents_schema, reached
from validation.tables.schemas import DOCUMENTS
from validation.tables.stage_schemas import CANDIDATES

OWN = pa.field("stars", pa.int8(), metadata={b"nightfold.key": b"stars"})
STAMP = pa.timestamp("us", tz="UTC")


def stamps(*moments: datetime | None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(moments, STAMP)])


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def test_documents_have_no_columns_of_the_check_and_all_of_the_feed() -> None:
    schema = documents_schema(pa.schema([*CANDIDATES, OWN]))
    assert schema.equals(pa.schema([*DOCUMENTS, OWN]), check_metadata=True)


def test_what_is_not_refused_is_accepted_batch_by_batch() -> None:
    rows = [
        {"position": place, "doc_id": str(place), "text": "t", "text_digest": "d", "source": "s",
         "is_truncated": False}
        for place in (0, 2, 3, 7)
    ]  # fmt: skip
    batches = pa.Table.from_pylist(rows, schema=CANDIDATES).to_batches(max_chunksize=2)
    schema = documents_schema(CANDIDATES)
    found = list(accepted(batches, pa.array([2, 7, 9], pa.int64()), schema))
    assert [batch["doc_id"].to_pylist() for batch in found] == [["0"], ["3"]]
    assert all(batch.schema.names == DOCUMENTS.names for batch in found)


@pytest.mark.parametrize(
    ("read", "day"),
    [
        ((at(1), at(2, 23), None), date(2026, 3, 2)),
        ((at(1), at(9)), date(2026, 3, 4)),
        ((None,), date(2026, 3, 4)),
        ((), date(2026, 3, 4)),
    ],
)
def test_a_night_has_come_to_its_newest_document_and_never_beyond_itself(
    read: tuple[datetime | None, ...], day: date
) -> None:
    assert reached(date(2026, 3, 4), stamps(*read)) == day


def test_documents_from_before_a_day_are_late() -> None:
    found = stamps(at(3, 23), at(4), at(5), None, at(1))
    assert count_late(found, date(2026, 3, 4)) == 2
    assert count_late(found, None) == 0
    assert count_late(stamps(), date(2026, 3, 4)) == 0
    assert count_late(stamps(None), date(2026, 3, 4)) == 0
