"""The operator's commands on a real store, and what a run says about a damaged one."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from tasks.manifests import ManifestError, NewerStoreError
from tasks.storage import DamagedFileError, Store

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

Invoke = Callable[..., Any]


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Call the command line in this process."""
    monkeypatch.setenv("COLUMNS", "300")
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def one(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def cut(path: Path) -> bytes:
    """Cut a file short; give what it was."""
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return whole


def store_of(operated: Any, night: int = 2) -> Store:
    return Store(root=operated.store, feed="default", night=date(2026, 3, night))


def test_a_store_of_real_runs_is_sound(two_nights: Any, invoke: Invoke) -> None:
    done = invoke("doctor", "--store", two_nights.store)
    assert (done.exit_code, done.output) == (0, "the store is sound\n")


def test_a_folder_that_is_no_store_is_bad_usage(tmp_path: Path, invoke: Invoke) -> None:
    done = invoke("doctor", "--store", tmp_path)
    assert done.exit_code == 2
    assert "is no store" in done.output


def test_doctor_says_what_is_damaged_and_repairs_what_it_can(operated: Any, invoke: Invoke) -> None:
    table = one(operated.store, "clusters/*/night=2026-03-02/*.parquet")
    good = cut(table)
    cut(one(operated.store, "state/results/embed-*"))
    cut(one(operated.store, "state/stages/refine/*.parquet"))
    cut(one(operated.store, "embeddings/*/*.parquet"))
    manifest = store_of(operated, 1).manifest_path()
    cut(manifest)
    done = invoke("doctor", "--store", operated.store)
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    for rule in ("digest", "cache_record", "stage_file", "embeddings", "manifest"):
        assert f": {rule}: " in done.output
    done = invoke("doctor", "--store", operated.store, "--repair")
    assert done.exit_code == 1
    assert done.output.splitlines()[-1] == "1 findings"
    assert "--night 2026-03-01" in done.output.splitlines()[-2]
    assert table.read_bytes() == good
    assert operated.run(1).published.changed
    done = invoke("doctor", "--store", operated.store)
    assert (done.exit_code, done.output) == (0, "the store is sound\n")
    assert not operated.run(2).published.changed


def test_a_run_recomputes_what_its_cache_has_lost(operated: Any) -> None:
    cut(one(operated.store, "state/results/describe-*"))
    for path in (operated.store / "state" / "stages" / "refine").iterdir():
        cut(path)
    report = operated.run(2)
    assert {"refine", "publish"} <= {record.stage for record in report.ran}
    assert not report.published.changed


def test_a_run_names_a_damaged_table_of_an_earlier_night(operated: Any) -> None:
    table = one(operated.store, "documents/*/night=2026-03-01/*.parquet")
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1  # a bit that may well be read without an error
    table.write_bytes(content)
    with pytest.raises(DamagedFileError, match=f"{table.name} is damaged: .*doctor"):
        operated.run(2)


def test_a_run_names_a_damaged_manifest_of_an_earlier_night(operated: Any) -> None:
    cut(store_of(operated, 1).manifest_path())
    with pytest.raises(ManifestError, match=r"night=2026-03-01/manifest.json must be .*run that"):
        operated.run(2)


def test_clusters_names_a_damaged_table(operated: Any, invoke: Invoke) -> None:
    cut(one(operated.store, "clusters/*/night=2026-03-02/*.parquet"))
    done = invoke("clusters", "--store", operated.store)
    assert done.exit_code == 1
    assert "is damaged" in done.output
    assert "doctor" in done.output


def test_a_store_of_a_newer_version_is_refused(operated: Any, invoke: Invoke) -> None:
    path = store_of(operated).manifest_path()
    newer = json.loads(path.read_bytes()) | {"format_version": 2}
    path.write_text(json.dumps(newer))
    for command in ("doctor", "clusters"):
        done = invoke(command, "--store", operated.store)
        assert done.exit_code == 1
        assert "has format version 2" in done.output
        assert "a newer nightfold has written to this store" in done.output
    with pytest.raises(NewerStoreError, match="format version 2"):
        operated.run(1)
    assert json.loads(path.read_bytes()) == newer
