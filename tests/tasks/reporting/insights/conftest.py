from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from tasks.store.history import NightTable
from tasks.store.storage import Store, keep_table

KeepNight = Callable[..., NightTable]


@pytest.fixture
def keep_night(store: Store) -> KeepNight:
    """Keep the documents of a night with own columns, the first of March by default."""

    def keep(own: dict[str, pa.Array], day: int = 1, source: str = "a.jsonl") -> NightTable:
        n = len(next(iter(own.values())))
        columns: dict[str, Any] = {
            "doc_id": [f"{day}-{number}" for number in range(n)],
            "text": ["a text"] * n,
            "source": [source] * n,
        }
        table = keep_table(store, "made", pa.table(columns | own))
        return NightTable(night=date(2026, 3, day), table=table)

    return keep
