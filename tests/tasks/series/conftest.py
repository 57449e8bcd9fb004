from datetime import date
from pathlib import Path

import pytest

from tasks.store.storage import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(root=tmp_path / "store", feed="f", night=date(2026, 3, 1))
