import errno
import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.store import storage
from tasks.store.files import copy_atomically, sha256_of, write_atomically
from tasks.store.manifests import FORMAT_VERSION
from tasks.store.sealed import write_sealed
from tasks.store.storage import (
    DamagedFileError,
    Store,
    TableWriter,
    clear_scratch,
    is_intact,
    keep_bytes,
    keep_folder,
    keep_table,
    model_folder,
    read_batches,
    read_table,
    read_tables,
    readable,
    scratch_folder,
)

TABLE = pa.table({"id": ["a", "b"], "n": [1, 2]})
NIGHTS = [date(2026, 3, day) for day in (1, 2, 3)]


def files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def publish(store: Store, night: date, manifest: object) -> None:
    write_atomically(store.manifest_path(night), json.dumps(manifest).encode())


@pytest.mark.parametrize(
    "feed", ["a/b", "..", ".", ".a", "-a", "", "a b", "ä", "a\n", "a\\b", "a=b", "x" * 65]
)
def test_feed_names_that_lead_elsewhere_are_refused(feed: str) -> None:
    with pytest.raises(ValidationError, match="feed_name must be 1 to 64 letters"):
        Store(root=Path("store"), feed=feed, night=NIGHTS[0])


@given(st.text(max_size=70))
@settings(deadline=None)
def test_a_partition_never_leaves_the_store(feed: str) -> None:
    root = Path("/store")
    try:
        store = Store(root=root, feed=feed, night=NIGHTS[0])
    except ValidationError:
        return
    path = Path(os.path.normpath(store.partition("documents")))
    assert path == root / "documents" / f"feed={feed}" / "night=2026-03-01"


def test_tables_are_partitioned_by_feed_and_night(store: Store) -> None:
    assert store.partition("clusters") == store.root / "clusters/feed=reviews/night=2026-03-02"
    assert store.partition("clusters", NIGHTS[0]).name == "night=2026-03-01"
    assert store.manifest_path() == store.root / "runs/feed=reviews/night=2026-03-02/manifest.json"


def test_nights_with_a_manifest_are_published_oldest_first(store: Store) -> None:
    assert store.published_nights() == []
    for night in reversed(NIGHTS):
        publish(store, night, {})
    publish(Store(root=store.root, feed="other", night=NIGHTS[0]), date(2025, 1, 1), {})
    store.partition("runs", date(2026, 3, 9)).mkdir()
    backup = store.manifest_path().parent.with_name("night=2026-03-02.bak")
    write_atomically(backup / "manifest.json", b"{}")
    assert store.published_nights() == NIGHTS


def test_a_manifest_is_read_back(store: Store) -> None:
    manifest = {
        "format_version": FORMAT_VERSION, "counts": {"read": 3, "without_text": 0, "replaced": 0}, "tables": {}, "models": {},
        "encoder": {"name": "E", "digest": "0"}, "labels": {"published": "refined"},
        "config": {"window_days": 30}, "fit": None,
        "run": {"published_at": "2026-03-01T03:00:00+00:00"},
    }  # fmt: skip
    write_sealed(store.manifest_path(NIGHTS[0]), manifest)
    named = {"feed": store.feed, "night": str(NIGHTS[0])}
    assert store.read_manifest(NIGHTS[0]).model_dump(exclude_unset=True) == manifest | named


@pytest.mark.parametrize("content", [b"", b'{"a": ', b"[]", b"1", b'"x"', b"\xff\xfe\xff"])
def test_a_manifest_that_is_none_is_an_error_that_names_it(content: bytes, store: Store) -> None:
    write_atomically(store.manifest_path(), content)
    with pytest.raises(ValueError, match=r"night=2026-03-02/manifest.json must be a JSON .*again"):
        store.read_manifest()


def test_a_write_replaces_the_whole_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    for content in (b"long content", b"short"):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert files(tmp_path) == ["new/a.json"]


@pytest.mark.parametrize("call", ["write_bytes", "replace"])
def test_a_failing_write_leaves_the_old_content_and_no_temporary_file(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")

    def fail(*_args: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, call, fail)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert files(tmp_path) == ["a.json"]


def test_a_failing_copy_leaves_the_old_content_and_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")
    with pytest.raises(FileNotFoundError):
        copy_atomically(tmp_path / "nowhere", path)
    assert path.read_bytes() == b"old"
    assert files(tmp_path) == ["a.json"]


def test_bytes_reach_the_disk_before_the_name_points_at_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (calls.append("fsync"), fsync(handle)))
    monkeypatch.setattr(
        Path, "replace", lambda path, target: (calls.append("replace"), replace(path, target))
    )
    write_atomically(tmp_path / "a", b"x")
    assert calls == ["fsync", "replace", "fsync"]


def test_writing_leaves_no_file_open(store: Store) -> None:
    n_open = len(os.listdir("/proc/self/fd"))
    for number in range(10):
        keep_bytes(store, "check", bytes([number]), ".json")
        keep_table(store, "check", TABLE)
    assert len(os.listdir("/proc/self/fd")) == n_open


def test_equal_content_has_one_reference_and_one_file(store: Store) -> None:
    refs = {keep_table(store, "prepare", TABLE) for _ in range(2)}
    assert len(refs) == 1
    (ref,) = refs
    assert files(store.root) == [ref.path]
    assert ref.path == f"state/stages/prepare/{ref.sha256[:32]}.parquet"
    assert ref.rows == 2
    assert ref.sha256 == sha256_of(store.resolve(ref))


def test_the_bytes_of_a_table_do_not_depend_on_where_the_store_lies(
    store: Store, tmp_path: Path
) -> None:
    moved = Store(root=tmp_path / "elsewhere", feed="other", night=NIGHTS[2])
    assert keep_table(store, "prepare", TABLE) == keep_table(moved, "prepare", TABLE)


def test_other_content_has_another_reference(store: Store) -> None:
    assert keep_bytes(store, "check", b"a", ".json") != keep_bytes(store, "check", b"b", ".json")


def test_kept_bytes_are_under_their_digest(store: Store) -> None:
    ref = keep_bytes(store, "check", b"{}\n", ".json", rows=3)
    assert store.resolve(ref).read_bytes() == b"{}\n"
    assert ref.sha256 == "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"
    assert (ref.rows, Path(ref.path).suffix) == (3, ".json")


def test_a_changed_byte_and_a_lost_file_are_noticed(store: Store) -> None:
    ref = keep_bytes(store, "check", b"content", ".json")
    path = store.resolve(ref)
    assert is_intact(store, ref)
    path.write_bytes(b"contenT")
    assert not is_intact(store, ref)
    path.unlink()
    assert not is_intact(store, ref)
    path.mkdir()
    assert not is_intact(store, ref)


def test_a_table_is_written_in_batches_and_read_back(store: Store) -> None:
    with TableWriter(store, "ingest", TABLE.schema) as writer:
        writer.write(TABLE)
        writer.write(TABLE.to_batches()[0])
        writer.write(TABLE.schema.empty_table())
    assert writer.ref.rows == 4
    assert read_table(store, writer.ref).equals(pa.concat_tables([TABLE, TABLE]))
    assert read_table(store, writer.ref, ["n"]).column_names == ["n"]
    assert pa.Table.from_batches(read_batches(store, writer.ref, ["id"])).num_rows == 4


def test_a_table_without_rows_is_a_table(store: Store) -> None:
    with TableWriter(store, "ingest", TABLE.schema) as writer:
        pass
    assert writer.ref.rows == 0
    assert read_table(store, writer.ref).schema.equals(TABLE.schema)


def test_batches_are_small_however_large_the_table(store: Store) -> None:
    ref = keep_table(store, "ingest", pa.table({"n": range(20_000)}))
    assert max(len(batch) for batch in read_batches(store, ref)) <= 8192
    assert pq.ParquetFile(store.resolve(ref)).num_row_groups == 3


def test_batches_take_the_memory_of_some_rows_and_not_of_the_file(store: Store) -> None:
    rng = np.random.default_rng(0)
    schema = pa.schema([("raw", pa.binary())])
    with TableWriter(store, "ingest", schema) as writer:
        for _ in range(20):
            raw = [rng.bytes(250) for _ in range(4096)]
            writer.write(pa.table({"raw": raw}, schema=schema))
    before = pa.total_allocated_bytes()
    taken = [pa.total_allocated_bytes() - before for _ in read_batches(store, writer.ref)]
    assert max(taken) < 10_000_000


def test_a_writer_that_fails_keeps_nothing(store: Store) -> None:
    def write_half() -> None:
        with TableWriter(store, "ingest", TABLE.schema) as writer:
            writer.write(TABLE)
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_half()
    assert files(store.root) == []


def test_a_writer_that_cannot_keep_its_table_leaves_no_scratch(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(storage, "copy_atomically", fail)
    with (
        pytest.raises(OSError, match="no space left"),
        TableWriter(store, "ingest", TABLE.schema) as writer,
    ):
        writer.write(TABLE)
    assert files(store.root) == []


def test_two_writers_of_one_stage_do_not_meet(store: Store) -> None:
    with (
        TableWriter(store, "prepare", TABLE.schema) as one,
        TableWriter(store, "prepare", TABLE.schema) as other,
    ):
        one.write(TABLE)
        other.write(TABLE.slice(1))
    assert (one.ref.rows, other.ref.rows) == (2, 1)


def test_tables_of_several_nights_are_read_as_one(store: Store) -> None:
    schema = pa.schema([("n", pa.int64()), ("id", pa.large_string())])
    refs = [
        keep_table(store, "a", TABLE),
        keep_table(store, "a", TABLE.append_column("x", [[1, 2]])),
    ]
    joined = read_tables(store, refs, ["id", "n"], schema)
    assert joined.schema == pa.schema([("id", pa.large_string()), ("n", pa.int64())])
    assert joined["n"].to_pylist() == [1, 2, 1, 2]
    assert read_tables(store, [], ["n"], schema).num_rows == 0


def test_a_model_is_laid_out_again_as_it_was_kept(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "model"
    (source / "deep").mkdir(parents=True)
    (source / "config.json").write_bytes(b"{}")
    (source / "deep" / "weights.safetensors").write_bytes(b"w")
    model = keep_folder(store, "pretrain", source)
    assert list(model.files) == ["config.json", "deep/weights.safetensors"]
    with model_folder(store, model) as folder:
        assert files(folder) == files(source)
        assert (folder / "deep/weights.safetensors").read_bytes() == b"w"
    assert not folder.exists()


def test_what_an_earlier_model_has_is_not_kept_again(store: Store, tmp_path: Path) -> None:
    (tmp_path / "steady").write_bytes(b"same")
    (tmp_path / "learnt").write_bytes(b"one")
    first = keep_folder(store, "pretrain", tmp_path)
    (tmp_path / "learnt").write_bytes(b"two")
    second = keep_folder(store, "refine", tmp_path, first)
    assert second.files["steady"] == first.files["steady"]
    folder = store.state / "stages" / "refine"
    assert [it.read_bytes() for it in folder.iterdir()] == [b"two"]


def test_a_scratch_folder_goes_away_also_after_an_error(store: Store) -> None:
    def fail() -> None:
        with scratch_folder(store) as folder:
            (folder / "a").write_bytes(b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list((store.state / "scratch").iterdir()) == []


def test_what_a_killed_writer_left_is_cleared_and_nothing_else(store: Store) -> None:
    program = """
import os, signal, sys
from pathlib import Path
import pyarrow as pa
from tasks.store import files
from tasks.store import storage
store = storage.Store(root=Path(sys.argv[1]), feed="reviews", night="2026-03-02")
kept = storage.keep_bytes(store, "check", b"x", ".json")
files.write_atomically(store.manifest_path(), b"{}")
table = pa.table({"n": [1]})
files._move_durably = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with storage.scratch_folder(store), storage.TableWriter(store, "a", table.schema) as writer:
    writer.write(table)
    with files._temporary(store.partition("runs")), files._temporary(store.root / "state/stages/check"):
        files.write_atomically(store.root / "embeddings/encoder=E/part-1.parquet", b"x")
"""
    run = subprocess.run([sys.executable, "-c", program, str(store.root)], check=False)
    assert run.returncode == -signal.SIGKILL
    assert len([name for name in files(store.root) if ".writing-" in name]) == 3
    assert len(files(store.state / "scratch")) == 1
    clear_scratch(store)
    left = files(store.root)
    assert [name.split("/")[-1] for name in left if name.startswith("runs")] == ["manifest.json"]
    assert len(left) == 2
    clear_scratch(store)
    assert files(store.root) == left


@pytest.mark.parametrize("damage", [b"", b"PAR1 damaged", None])
def test_a_table_that_cannot_be_read_says_which_and_what_to_do(
    damage: bytes | None, store: Store
) -> None:
    ref = keep_table(store, "prepare", TABLE)
    path = store.resolve(ref)
    path.unlink() if damage is None else path.write_bytes(damage)
    sentence = rf"{ref.path} is damaged: .*; run `nightfold doctor --store {store.root} --repair`"
    for read in (read_table, lambda *it: list(read_batches(*it))):
        with pytest.raises(DamagedFileError, match=sentence):
            read(store, ref)


def test_a_hiccup_of_the_disk_stays_one(store: Store) -> None:
    def hiccup() -> None:
        with readable(store, keep_table(store, "prepare", TABLE)):
            raise OSError(errno.EIO, "input/output error")

    with pytest.raises(OSError, match="input/output error") as raised:
        hiccup()
    assert raised.value.errno == errno.EIO
