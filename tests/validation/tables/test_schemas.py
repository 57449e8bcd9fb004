import pytest

from validation.tables.schemas import PUBLISHED, SCHEMA_VERSION

FIRST = {
    "documents": "doc_id text text_digest timestamp source title label duplicate_of is_truncated",
    "duplicates": "file row doc_id duplicate_of kind first_night",
    "quarantine": "file row rule_id severity reason raw",
    "withdrawn": "file row doc_id kind first_night",
    "assignments": "doc_id cluster_id confidence margin is_outlier is_new",
    "clusters": "cluster_id name keywords size growth cohesion exemplar_doc_ids first_seen last_seen status",
    "cluster_events": "event cluster_id from_ids to_ids overlap",
    "metrics": "metric space value baseline_value",
    "drift": "measure value limit is_alarm",
}
"""The columns that every night of schema version 1 has."""


@pytest.mark.parametrize("name", FIRST)
def test_a_column_that_came_later_is_said_to(name: str) -> None:
    """Without its place in `later`, a new column makes every older night damaged to the doctor."""
    assert SCHEMA_VERSION == 1
    every = set(PUBLISHED[name].schema.names) - PUBLISHED[name].later
    assert every == set(FIRST[name].split())


def test_a_table_that_came_later_is_said_to() -> None:
    """Without that, a new table makes every older night damaged to the doctor."""
    of_old = {name for name, table in PUBLISHED.items() if not table.is_later}
    assert of_old == FIRST.keys() - {"withdrawn", "drift"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_said_of_a_table_is_said_of_columns_that_it_has(name: str) -> None:
    table = PUBLISHED[name]
    said = {*table.key, *table.later, *table.remarks}
    assert said <= set(table.schema.names)
