"""The command line: exit codes, sentences, what it shows, two runs at once."""

import json
import re
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import closing
from datetime import date
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.prefect_home.key import lasting_key
from flows.prefect_home.runtime import prefect_home
from tasks.store.bucket.claim import run_lock
from tasks.store.storage import Store
from tests.flows.processes import environment
from tests.flows.stages import stages

Nightfold = Callable[..., CompletedProcess[str]]
Invoke = Callable[..., Any]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


HEAVY = {
    "torch",
    "prefect",
    "sklearn",
    "scipy",
    "pandas",
    "pyarrow",
    "numpy",
    "pydantic",
    "great_expectations",
}


def test_help_answers_at_once(nightfold: Nightfold) -> None:
    """What is imported takes the time, and not the machine that is busy."""
    code = (
        "import sys; from flows.cli.app import main; sys.argv = ['nightfold', '--help']\n"
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count(), file=sys.stderr))\n"
        "try: main()\nexcept SystemExit as end: print(end.code, *sys.modules, file=sys.stderr)"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment())
    code, *modules, n_frozen = done.stderr.split()
    assert code == "0"
    assert int(n_frozen) > 10_000, "at the end nothing is searched for garbage"
    assert "typer" in modules
    assert HEAVY & set(modules) == set()
    assert all(command in nightfold("--help").stdout for command in ("run", "demo", "clusters"))


COMMANDS = (
    "run", "demo", "ui", "init", "check", "report", "clusters", "explain", "history", "search", "export", "backfill", "assign", "doctor", "prune", "serve", "overdue", "encoder", "tables",
    "curate", "config",
)  # fmt: skip
CURATE = tuple(
    f"curate {it}"
    for it in ("pin", "merge", "split", "ignore", "category", "exclude", "list", "undo")
)


def invoked(*words: str) -> Any:
    """Run the command line in this process; for what ends before anything heavy is imported."""
    return CliRunner().invoke(app, list(words), prog_name="nightfold")


@pytest.mark.parametrize("words", [(), ("-h",), ("--help",)])
def test_help_is_what_one_gets_without_a_command(words: tuple[str, ...]) -> None:
    shown = invoked(*words)
    assert (shown.exit_code, shown.stderr) == (0, "")
    listed = [line for line in shown.stdout.split("Commands:")[1].splitlines() if line.strip()]
    assert tuple(line.split()[0] for line in listed) == COMMANDS
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


@pytest.mark.parametrize("command", [*COMMANDS, *CURATE])
def test_every_help_has_examples_that_fit_its_options(command: str) -> None:
    shown = invoked(*command.split(), "-h")
    assert shown.exit_code == 0
    said, _, examples = shown.stdout.partition("Examples:")
    calls = [line for line in examples.splitlines() if f"nightfold {command} " in line]
    assert calls
    for call in calls:
        options = re.findall(r"--[a-z-]+", call)
        assert [option for option in options if f"{option} " not in said] == []


def test_the_version_is_that_of_the_package() -> None:
    assert invoked("--version").stdout == f"nightfold {version('nightfold')}\n"


def test_shells_complete_commands_and_options() -> None:
    def completed(typed: str) -> str:
        words = {"_NIGHTFOLD_COMPLETE": "complete_bash", "COMP_WORDS": typed}
        at = {"COMP_CWORD": str(len(typed.split()) - 1)}
        shown = CliRunner().invoke(app, [], prog_name="nightfold", env=words | at)
        return shown.stdout

    assert completed("nightfold se").split() == ["search", "serve"]
    assert "--limit" in completed("nightfold search --li").split()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(("searh", "x"), "'search'"), (("clusters", "--stor", "x"), "--store")],
)
def test_what_is_mistyped_is_answered_with_what_is_like_it(
    typed: tuple[str, ...], meant: str
) -> None:
    done = invoked(*typed)
    assert done.exit_code == 2
    assert meant in done.stderr


def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        return invoked("clusters", "--store", "nowhere").stderr

    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31m" in said()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in said()


def test_a_missing_feed_is_bad_usage(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("run", tmp_path / "nowhere.jsonl", "--store", tmp_path / "store")
    assert done.exit_code == 2
    assert "nowhere.jsonl is not there" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["backfill", "--from", "2026-03-01", "--to", "2026-03-02"],
        ["serve", "--cron", "0 2 * * *"],
    ],
    ids=lambda command: command[0],
)
def test_a_store_inside_the_feed_is_refused_before_anything_is_written(
    invoke: Invoke, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "a", "text": "b"}\n')
    name, *options = command
    done = invoke(name, tmp_path, "--store", tmp_path / "store", *options)
    assert done.exit_code == 2
    assert "must not lie inside the feed" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_an_unknown_key_in_the_config_is_bad_usage(invoke: Invoke, tmp_path: Path) -> None:
    config = tmp_path / "nightfold.toml"
    config.write_text("[clustering]\nn_cluster = 3\n")
    done = invoke("run", tmp_path / "feed", "--store", tmp_path / "store", "--config", config)
    assert done.exit_code == 2
    assert "clustering.n_cluster in" in done.stderr
    assert "is not a configuration key; did you mean clustering.n_clusters?" in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--n-clusters", "many", "n_clusters must be a valid integer or 'auto', got 'many'"),
        ("--night", "2026-13-01", "a day as YYYY-MM-DD, for instance 2026-03-01, got '2026-13-01'"),
        ("--window-days", "0", "window_days"),
        ("--feed-name", "../up", "feed_name"),
        ("--night", "tonight", "--night"),
        ("--config", "nowhere.toml", "the configuration file nowhere.toml is not there"),
    ],
)
def test_a_bad_option_is_bad_usage(
    invoke: Invoke, tmp_path: Path, option: str, value: str, said: str
) -> None:
    done = invoke("run", tmp_path / "feed", "--store", tmp_path / "store", option, value)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs a file system that root cannot write"
)
def test_a_store_that_cannot_be_written_fails_with_a_sentence(
    invoke: Invoke, tmp_path: Path
) -> None:
    (tmp_path / "feed.jsonl").write_text('{"id": "a", "text": "b"}\n')
    done = invoke("run", tmp_path / "feed.jsonl", "--store", "/proc/nightfold-store")
    assert done.exit_code == 1
    assert "the store cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_without_a_night_has_no_clusters_to_show(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("clusters", "--store", tmp_path)
    assert done.exit_code == 2
    assert "holds no published night" in done.stderr


def test_a_second_run_on_a_busy_store_is_refused(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "feed.jsonl").write_text('{"id": "a", "text": "b"}\n')
    with run_lock(Store(root=tmp_path / "store", feed="default", night=date(2026, 3, 1))):
        done = invoke("run", tmp_path / "feed.jsonl", "--store", tmp_path / "store")
    assert done.exit_code == 1
    assert "another run works on this store" in done.stderr
    assert "night 2026-03-01" in done.stderr


@pytest.mark.slow
def test_a_night_by_the_command_line(
    nightfold: Nightfold,
    write_night: Callable[[Path, int], Path],
    used: Callable[[Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The smoke test of the embedded Prefect: its run can be read back from the store's database.

    A proxy that does not answer must not stand between a run and its own server. Of the files of a
    person who lets nobody read them, none can be read.
    """
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    feed, store = write_night(tmp_path / "feed.jsonl", 1), used(tmp_path / "store")
    (store / "state" / "prefect" / "prefect.db").chmod(0o600)
    words = ("run", feed, "--store", store, "--night", "2026-03-01", "--n-clusters", 3)
    done = nightfold(*words, umask=0o077)
    assert (done.returncode, done.stderr) == (0, "")  # and no library has anything to tell
    assert "text = text" in done.stdout
    assert "read 27 = accepted" in done.stdout
    assert "3 clusters on 2026-03-01" in done.stdout
    with closing(sqlite3.connect(store / "state" / "prefect" / "prefect.db")) as database:
        runs = database.execute("select name, state_name from flow_run").fetchall()
        tasks = database.execute("select name, state_name from task_run").fetchall()
    assert runs == [("default 2026-03-01", "Completed")]
    assert len(tasks) == len(stages())
    assert {state for _, state in tasks} == {"Completed"}
    files = [it for it in store.rglob("*") if it.is_file()]
    assert len(files) > 30
    again = nightfold(*words)
    assert again.returncode == 0, again.stderr
    assert "3 clusters on 2026-03-01" in again.stdout
    assert "already published, and nothing that it was made from has changed" in again.stdout
    with closing(sqlite3.connect(store / "state" / "prefect" / "prefect.db")) as database:
        assert database.execute("select count(*) from flow_run").fetchone() == (1,)
    assert [it for it in files if it.stat().st_mode & 0o077] == []


def test_the_clusters_of_a_night_are_shown(two_nights: Any, invoke: Invoke) -> None:
    of_store = ("clusters", "--store", two_nights.store)
    found = json.loads(invoke(*of_store, "--json").stdout)
    assert len(found["clusters"]) == 3
    assert found["counts"]["read"] == 27
    named, *lines = invoke(*of_store, "--night", "2026-03-01").stdout.splitlines()
    assert named.split("\t")[0] == "cluster"
    assert [line.count("\t") for line in lines] == [5] * 3
    missing = invoke(*of_store, "--night", "2026-03-03")
    assert missing.exit_code == 2
    assert "night 2026-03-03 of feed 'default' is not published" in missing.stderr


@pytest.mark.slow
def test_the_ui_serves_the_runs_of_a_store_on_loopback_only(
    nightfold: Nightfold,
    serve_ui: Callable[[Path, int], str],
    free_port: int,
    used: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    (tmp_path / "feed.jsonl").write_text("")
    failed = nightfold("run", tmp_path / "feed.jsonl", "--store", used(tmp_path / "store"))
    assert failed.returncode == 1
    assert "rows_present" in failed.stderr
    assert "Traceback" not in failed.stderr
    address = serve_ui(tmp_path / "store", free_port)
    key = {"Authorization": f"Bearer {lasting_key(prefect_home(tmp_path / 'store'))}"}
    request = urllib.request.Request(
        f"{address}/api/flow_runs/filter",
        data=b"{}",
        headers={"Content-Type": "application/json", **key},
    )
    with urllib.request.urlopen(request, timeout=300) as response:
        runs = json.load(response)
    assert [run["state_name"] for run in runs] == ["Failed"]
    dashboard = urllib.request.Request(
        f"{address}/dashboard", headers={"Accept": "text/html", **key}
    )
    with urllib.request.urlopen(dashboard, timeout=300) as page:
        assert b"<!DOCTYPE html>" in page.read()
    listening = {
        c.laddr.ip
        for c in psutil.net_connections("tcp")
        if c.status == "LISTEN" and c.laddr.port == free_port
    }
    assert listening == {"127.0.0.1"}


def test_a_store_without_runs_has_no_ui(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("ui", "--store", tmp_path)
    assert done.exit_code == 2
    assert "has no runs to show" in done.stderr
