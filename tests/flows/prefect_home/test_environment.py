"""What is set before Prefect is imported: no telemetry, no detours, and no more than is needed."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from flows.prefect_home.environment import set_environment
from flows.prefect_home.runtime import embed_prefect, is_embedded, report_to
from flows.prefect_home.server import OwnServer

BATCH = "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment that a test may change as it likes."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("PREFECT_", "NIGHTFOLD_")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


def test_nothing_calls_home_whatever_the_operator_has_set() -> None:
    os.environ["DO_NOT_TRACK"] = "0"
    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "true"
    set_environment()
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_what_the_operator_has_set_is_kept(tmp_path: Path) -> None:
    os.environ[BATCH] = "7"
    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "DEBUG"
    os.environ["PREFECT_LOGGING_EXTRA_LOGGERS"] = "theirs, tasks"
    embed_prefect(tmp_path, log_level="CRITICAL")
    assert os.environ[BATCH] == "7"
    assert os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] == "DEBUG"
    loggers = os.environ["PREFECT_LOGGING_EXTRA_LOGGERS"]
    assert loggers == "theirs,tasks,flows,models,validation"


def test_what_nobody_has_set_is_set(tmp_path: Path) -> None:
    embed_prefect(tmp_path, log_level="CRITICAL")
    assert os.environ[BATCH] == "100"
    assert os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] == "CRITICAL"
    assert os.environ["PREFECT_LOGGING_EXTRA_LOGGERS"] == "flows,tasks,models,validation"


def test_a_profile_of_ones_own_is_left_alone() -> None:
    os.environ |= {"PREFECT_PROFILE": "production", "PREFECT_HOME": "/home/me/.prefect"}
    set_environment()
    assert "PREFECT_PROFILE" not in os.environ
    assert Path(os.environ["PREFECT_HOME"]).is_dir()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "corp.example, 10.0.0.0/8"}, "corp.example,10.0.0.0/8,127.0.0.1,localhost"),
        ({"no_proxy": "a.example", "NO_PROXY": "b.example"}, "a.example,127.0.0.1,localhost"),
        ({"NO_PROXY": "localhost"}, "localhost,127.0.0.1"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_this_machine_is_excepted_from_every_proxy(given: dict[str, str], kept: str) -> None:
    os.environ.update(given)
    set_environment()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == kept


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "socks5h://p:1"])
def test_a_client_reaches_this_machine_behind_a_proxy(proxy: str) -> None:
    os.environ["ALL_PROXY"] = proxy
    if proxy.startswith("http:"):
        os.environ |= {"http_proxy": proxy, "https_proxy": proxy}
    set_environment()
    with httpx.Client(timeout=1) as client:
        # Port 1: refused at once by this machine, and not by a proxy.
        with pytest.raises(httpx.ConnectError) as refused:
            client.get("http://127.0.0.1:1/api/health")
        assert type(client._transport_for_url(httpx.URL("http://127.0.0.1:1"))._pool).__name__ == (
            "ConnectionPool"
        )
    assert "refused" in str(refused.value)


def test_runs_report_to_the_own_server_with_its_key_and_no_other(tmp_path: Path) -> None:
    os.environ["PREFECT_API_KEY"] = "of another server"
    os.environ["PREFECT_CLIENT_CUSTOM_HEADERS"] = '{"X-Ours": "1"}'
    embed_prefect(tmp_path)
    assert is_embedded()
    server = OwnServer("s3cret-key")
    report_to(server)
    server.stop()
    assert is_embedded()
    assert os.environ["PREFECT_API_URL"] == f"{server.address}/api"
    assert os.environ["PREFECT_CLIENT_CUSTOM_HEADERS"] == (
        '{"X-Ours": "1", "Authorization": "Bearer s3cret-key"}'
    )
    assert "PREFECT_API_KEY" not in os.environ


def test_a_server_of_ones_own_is_kept(tmp_path: Path) -> None:
    os.environ["PREFECT_API_URL"] = "https://prefect.example/api"
    os.environ["PREFECT_API_KEY"] = "its key"
    embed_prefect(tmp_path)
    assert not is_embedded()
    assert os.environ["PREFECT_API_KEY"] == "its key"


def test_nothing_is_imported_for_it() -> None:
    """The command line sets the environment before `--help`, too."""
    import subprocess

    code = "import sys, flows.prefect_home.environment; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
