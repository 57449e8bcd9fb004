import json
import logging

import pytest

from tasks.reading.folders import folder_columns, in_folders
from tasks.reading.formats.rows import FileLog, Row, broken_row

LOG = FileLog(logging.getLogger(__name__), "a.csv")


def test_folders_of_key_and_value_are_columns() -> None:
    name = "reviews/lang=en/day=2024-03-01 10%3A00/shop=a=b/none=__HIVE_DEFAULT_PARTITION__/x=y.csv"
    assert folder_columns(name) == {
        "lang": "en",
        "day": "2024-03-01 10:00",
        "shop": "a=b",
        "none": None,
    }
    assert folder_columns("a=b.zip/lang=en/c.csv") == {"lang": "en"}
    assert folder_columns("=x/a/b=c.csv") == folder_columns("x=y.csv") == {}


def test_a_column_of_the_file_counts_more_and_is_said_aloud(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = [
        Row(1, {"id": "1", "lang": "en", "year": 2024}, "as it came"),
        broken_row(2, "x", "row_parses", "broken", 2),
        Row(3, {"id": "2", "lang": "fr"}, "as it came"),
        Row(4, {"id": "3", "lang": "de"}, "as it came"),
        Row(5, {"id": "4"}, "as it came"),
    ]
    found = list(in_folders(iter(rows), {"lang": "en", "shop": None, "year": "2024"}, LOG))
    assert [row.values for row in found] == [
        {"id": "1", "lang": "en", "year": 2024, "shop": None},
        None,
        {"id": "2", "lang": "fr", "shop": None, "year": "2024"},
        {"id": "3", "lang": "de", "shop": None, "year": "2024"},
        {"id": "4", "lang": "en", "shop": None, "year": "2024"},
    ]
    assert [json.loads(row.raw) for row in found if row.values] == [
        row.values for row in found if row.values
    ]
    assert found[1].raw == "x"
    assert [record.getMessage() for record in caplog.records] == [
        "a.csv has 'lang' as 'fr' in row 3 and as 'en' in the name of its folder; the file's are"
        " read"
    ]
