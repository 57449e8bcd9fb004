"""A real feed with planted damage: every damaged row is accounted for by its rule, no good one is lost."""

import json
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tasks.preparing.check_prepared import Documents, check_prepared
from tasks.preparing.check_raw import check_raw
from tasks.preparing.checks import CheckSettings
from tasks.preparing.prepare import prepare
from tasks.preparing.prepare_settings import PrepareSettings
from tasks.reading.pieces import find_pieces
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.store.history import NightTable
from tasks.store.storage import Store
from validation.usual import UsualNight

SHARED = Path(__file__).parents[4] / "shared"
MAKER = SHARED / "tools" / "nightly_feed.py"
TWEETS = SHARED / "data" / "crisislex_t26.parquet"

RULE_OF_KIND = {
    "empty_text": "text_present",
    "null_text": "text_present",
    "missing_id": "id_present",
    "duplicate_id": "id_unique",
    "bad_date": "date_parses",
    "future_date": "date_in_bounds",
    "huge_text": "text_length",
    "control_characters": "control_characters",
    "cut_line": "row_parses",
}

pytestmark = pytest.mark.skipif(
    not (MAKER.is_file() and TWEETS.is_file()),
    reason="needs ../shared/tools/nightly_feed.py and ../shared/data",
)


@pytest.fixture(scope="module", params=["jsonl", "csv", "parquet"])
def feed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten nights of tweets, one row in fifty damaged."""
    folder = tmp_path_factory.mktemp(request.param)
    words = [
        str(MAKER),
        str(TWEETS),
        str(folder),
        "--nights",
        "10",
        "--damage",
        "0.02",
        "--format",
        request.param,
    ]
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return folder


def prepared(store: Store, feed: Path, past: list[NightTable]) -> Documents:
    """Run a night up to its checked documents."""
    prepare_settings, check_settings = PrepareSettings(), CheckSettings()
    raw = read_feed(store, find_pieces(store, str(feed)), IngestSettings())
    check = check_raw.fn(store, raw, check_settings, UsualNight())
    candidates = prepare.fn(store, check, past, prepare_settings, "refuse")
    return check_prepared.fn(
        store, candidates, check, check_settings.document_bounds(10_000, UsualNight()), None
    )


def read(store: Store, ref: Any) -> pd.DataFrame:
    return pd.read_parquet(store.resolve(ref))


def test_damage_is_accounted_for_and_no_good_document_is_lost(feed: Path, tmp_path: Path) -> None:
    damage = json.loads((feed / "damage.json").read_text())
    truth = pd.read_parquet(feed / "truth.parquet")
    past: list[NightTable] = []
    for night in (1, 2):
        file = next(feed.glob(f"night-{night:02d}.*"))
        store = Store(root=tmp_path, feed="f", night=date(2026, 1, night))
        found = prepared(store, file, past)
        documents, quarantine = (
            read(store, found.tables["documents"]),
            read(store, found.tables["quarantine"]),
        )
        duplicates = read(store, found.tables["duplicates"])

        planted = Counter(damage[f"night-{night:02d}"])
        expected = Counter[str]()
        for kind, count in planted.items():
            if kind != "exact_duplicate":
                expected[RULE_OF_KIND[kind]] += count
        assert Counter(quarantine.rule_id) == expected
        assert (duplicates.kind == "same_row").sum() >= planted["exact_duplicate"]

        good = set(truth.id[truth.night == night])
        known = {doc_id for table in past for doc_id in read(store, table.table).doc_id}
        assert good - known == set(documents.doc_id)
        counts = found.counts
        assert counts.read == len(truth[truth.night == night]) + planted.total()
        assert counts.without_text == expected["text_present"]
        n_left_out = counts.duplicate + counts.quarantined + counts.without_text
        assert counts.read == counts.accepted + n_left_out
        assert counts.accepted == documents.duplicate_of.isna().sum()
        past.append(found.tonight(store))
