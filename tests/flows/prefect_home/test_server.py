"""A server of its own: on a port that nobody else answers on, gone when its parent is."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from flows.prefect_home import server as module
from flows.prefect_home.server import OwnServer, PortError, running


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_taken_port_is_refused_before_anything_starts(taken: int) -> None:
    with pytest.raises(
        PortError, match=f"port {taken} of 127.0.0.1 is taken; set another with --port"
    ):
        OwnServer("key", taken)


def test_nobody_else_can_answer_on_the_port_of_a_server_that_is_not_started_yet() -> None:
    server = OwnServer("key")
    port = int(server.address.rpartition(":")[2])
    try:
        with pytest.raises(OSError, match="in use"), socket.create_server(("127.0.0.1", port)):
            pass
    finally:
        server.stop()
    # And it is free again at once.
    socket.create_server(("127.0.0.1", port)).close()


def test_two_servers_never_get_the_same_port() -> None:
    servers = [OwnServer("key") for _ in range(20)]
    assert len({server.address for server in servers}) == 20
    for server in servers:
        server.stop()


def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    """Start some other program in the place of the server."""
    program = tmp_path / "program.py"
    program.write_text(code)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    start = subprocess.Popen
    monkeypatch.setattr(
        module.subprocess,
        "Popen",
        lambda _words, **options: start([sys.executable, str(program)], **options),
    )


def test_a_server_that_ends_at_once_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in(monkeypatch, tmp_path, "raise SystemExit(3)")
    with (
        pytest.raises(RuntimeError, match="ended with code 3"),
        running(OwnServer("key")),
    ):
        raise AssertionError("it answers")


def test_how_long_a_server_is_waited_for_is_the_operators_to_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in(monkeypatch, tmp_path, "import time; time.sleep(60)")
    monkeypatch.setenv("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "0.2")
    with (
        pytest.raises(RuntimeError, match=r"did not answer in 0\.2 s"),
        running(OwnServer("key")),
    ):
        raise AssertionError("it answers")


def test_the_server_gets_nothing_that_is_another_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    foreign = {
        "PREFECT_API_URL": "https://prefect.example/api",
        "PREFECT_CLIENT_CUSTOM_HEADERS": '{"Authorization": "Bearer other"}',
        "PREFECT_API_DATABASE_CONNECTION_URL": "postgresql+asyncpg://p:p@db/prefect",
        "PREFECT_SERVER_DATABASE_HOST": "db",
        "PREFECT_SERVER_API_AUTH_STRING": "me:secret",
    }
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_TIMEOUT", "33")
    seen = tmp_path / "seen"
    stand_in(
        monkeypatch,
        tmp_path,
        f"import os, sys; key = sys.stdin.readline(); open({str(seen)!r}, 'w').write("
        "'\\n'.join([key, *(f'{k}={v}' for k, v in os.environ.items())]))",
    )
    server = OwnServer("s3cret-key")
    server.start()
    assert server.watch() == 0
    server.stop()
    key, *names = seen.read_text().splitlines()
    assert key == "s3cret-key"
    assert not any(line.startswith(tuple(f"{name}=" for name in foreign)) for line in names)
    assert "PREFECT_SERVER_DATABASE_TIMEOUT=33" in names
    assert "s3cret-key" not in "\n".join(names)


def test_a_server_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """Not by a signal: `kill -9` leaves nothing behind that could send one."""
    parent = (
        "import os, signal; from flows.prefect_home.server import OwnServer; s = OwnServer('key'); s.start();"
        "print(s._process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", parent],
        cwd=Path(__file__).parents[3],
        env=os.environ | {"PREFECT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(timeout=60)
