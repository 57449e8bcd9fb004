"""What cannot be started in a test is at least held against the code: entrypoints, parameters, images, rights."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Any

import jinja2
import pytest
from prefect.client.schemas.objects import ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.schemas.automations import AutomationCore

from flows.config import NightlyConfig
from flows.retention import RetentionConfig

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deployments" / "systemd"


def test_every_entrypoint_is_a_flow(prefect_yaml: dict[str, Any]) -> None:
    for deployment in prefect_yaml["deployments"]:
        path, name = deployment["entrypoint"].split(":")
        module = import_module(path.removesuffix(".py").replace("/", "."))
        assert type(getattr(module, name)).__name__ == "Flow"


def test_parameters_are_those_of_the_flow(prefect_yaml: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    checked = []
    for deployment in prefect_yaml["deployments"]:
        config = deployment.get("parameters", {}).get("config")
        if config is None:
            continue
        checked.append(deployment["name"])
        if deployment["entrypoint"].startswith("flows/retention.py"):
            RetentionConfig.model_validate(config | {"store": tmp_path})
        else:
            NightlyConfig.model_validate(config)
    assert checked == ["nightly", "weekly-refit", "retention", "by-hand"]


def test_one_run_at_a_time_and_none_is_lost(prefect_yaml: dict[str, Any]) -> None:
    for deployment in prefect_yaml["deployments"]:
        assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
        assert ConcurrencyLimitStrategy(deployment["concurrency_limit"]["collision_strategy"])
        for schedule in deployment.get("schedules", []):
            CronSchedule(**schedule)


def test_feed_and_store_stand_once() -> None:
    text = (ROOT / "deployments" / "prefect.yaml").read_text(encoding="utf-8")
    settings = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for path in ("/var/lib/nightfold/feed", "/var/lib/nightfold/store"):
        assert sum(path in line for line in settings) == 1


def test_the_home_is_checked_where_it_is_used(prefect_yaml: dict[str, Any]) -> None:
    """Prefect runs a step's script without a shell of its own; so does this."""
    check = prefect_yaml["pull"][0]["prefect.deployments.steps.run_shell_script"]["script"]
    assert prefect_yaml["build"][0] == prefect_yaml["pull"][0]
    bare = {key: value for key, value in os.environ.items() if key != "NIGHTFOLD_HOME"}
    for home, code in (({}, 2), ({"NIGHTFOLD_HOME": str(ROOT)}, 0)):
        done = subprocess.run(
            shlex.split(check), env=bare | home, capture_output=True, text=True, check=False
        )
        assert done.returncode == code
        assert ("NIGHTFOLD_HOME: must be the folder" in done.stderr) == (code != 0)


def test_nobody_is_called_from_a_worker_a_container_or_a_unit(
    prefect_yaml: dict[str, Any], compose: dict[str, Any]
) -> None:
    for deployment in prefect_yaml["deployments"]:
        assert deployment["work_pool"]["job_variables"]["env"]["DO_NOT_TRACK"] == "1"
    for name in ("server", "deploy", "worker"):
        assert compose["services"][name]["environment"]["DO_NOT_TRACK"] == "1"
    head = (ROOT / "deployments" / "prefect.yaml").read_text(encoding="utf-8").split("\nname:")[0]
    assert head.count("export DO_NOT_TRACK=1") == 2  # the server's terminal, and the worker's
    assert "Environment=DO_NOT_TRACK=1" in (SYSTEMD / "nightfold.service").read_text()


def test_automations_are_understood_and_watch_what_is_deployed(
    prefect_yaml: dict[str, Any], automations: dict[str, dict[str, Any]]
) -> None:
    for automation in automations.values():
        block = {"block_document_id": "00000000-0000-0000-0000-000000000000"}
        actions = [action | block for action in automation["actions"]]
        AutomationCore.model_validate(automation | {"actions": actions})
    tag = automations["a-night-is-missing"]["trigger"]["match_related"]["prefect.resource.id"]
    tagged = [it["name"] for it in prefect_yaml["deployments"] if it.get("tags")]
    assert tagged == ["nightly", "weekly-refit"]
    for deployment in prefect_yaml["deployments"][:2]:
        assert tag == f"prefect.tag.{deployment['tags'][0]}"
    watched = automations["a-night-failed"]["trigger"]["match_related"]["prefect.resource.name"]
    flows = {it["entrypoint"].split(":")[1] for it in prefect_yaml["deployments"]}
    assert set(watched) == flows


def test_the_figures_of_a_drift_are_rounded(automations: dict[str, dict[str, Any]]) -> None:
    alarms = [{"measure": "size_shift", "value": 0.30000000000000004, "limit": 0.25}]
    body = jinja2.Template(automations["a-feed-drifted"]["actions"][0]["body"])
    _, figure = body.render(event={"payload": {"alarms": alarms}}).splitlines()
    assert figure == "size_shift 0.3, more than 0.25"


def test_every_night_of_the_week_runs_once(prefect_yaml: dict[str, Any]) -> None:
    nights = [
        deployment["schedules"][0]["cron"].split()[-1]
        for deployment in prefect_yaml["deployments"]
        if deployment["name"] in ("nightly", "weekly-refit")
    ]
    assert nights == ["1-6", "0"]


def test_no_secret_stands_in_a_file_and_nothing_is_published_but_on_loopback(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:4200:4200"]
    assert services["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${")
    for path in (ROOT / "deployments").rglob("*"):
        if path.is_file():
            assert not re.search(r"(?i)password[\"']?\s*[:=]\s*\"?[a-z0-9]", path.read_text())


def test_every_image_is_pinned(compose: dict[str, Any]) -> None:
    containerfile = (ROOT / "deployments" / "Containerfile").read_text(encoding="utf-8")
    images = re.findall(r"^FROM (\S+)", containerfile, re.MULTILINE)
    images += [service["image"] for service in compose["services"].values()]
    assert len(images) == 1 + len(compose["services"]) == 5
    for image in images:
        assert re.search(r":\d+\.\d+[\w.-]*$", image), image


def test_containers_run_without_rights(compose: dict[str, Any]) -> None:
    containerfile = (ROOT / "deployments" / "Containerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (\S+)", containerfile, re.MULTILINE) == ["nightfold"]
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["logging"]["options"]["max-size"], name


def test_what_the_containerfile_copies_is_there() -> None:
    containerfile = (ROOT / "deployments" / "Containerfile").read_text(encoding="utf-8")
    copied = [
        source
        for line in re.findall(r"^COPY (.*)$", containerfile, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines()
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_what_the_containerfile_copies_is_enough_to_run(tmp_path: Path) -> None:
    containerfile = (ROOT / "deployments" / "Containerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (.*)$", containerfile, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            there = tmp_path / target / (Path(source).name if target == "./" else "")
            there.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, there)
            else:
                shutil.copy(ROOT / source, there)
    code = (
        "import sys, flows.cli.app, flows.nightly, flows.retention, flows.cli.serve\n"
        "ours = ('flows', 'tasks', 'models', 'validation')\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] in ours"
        " and getattr(m, '__file__', None)), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files = done.stdout.split()
    assert len(files) > 20
    assert [file for file in files if not file.startswith(str(tmp_path))] == []
    assert (tmp_path / "flows" / "sample" / "night-1").is_dir()
    assert (tmp_path / "deployments" / "prefect.yaml").is_file()


def test_what_the_containers_start_is_there(compose: dict[str, Any]) -> None:
    started = set()
    for service in compose["services"].values():
        words = [*service.get("entrypoint", []), *service.get("command", [])]
        for command in " ".join(words).split("&&"):
            if "prefect" in command:
                started.add(command[command.index("prefect") :].strip())
    assert len(started) == 4
    asked: dict[tuple[str, ...], set[str]] = {}
    for command in started:
        _, *words = command.split()
        ahead = list(takewhile(is_option, words))  # options of the program itself
        rest = words[len(ahead) :]
        asked.setdefault((), set()).update(ahead)
        subcommand = tuple(takewhile(lambda word: not is_option(word), rest))
        asked.setdefault(subcommand, set()).update(filter(is_option, rest))
    for (words_asked, options), said in zip(asked.items(), helps_of(list(asked)), strict=True):
        assert [option for option in options if option not in said] == [], words_asked


HELPS = """
import contextlib, io, json, runpy, sys
helps = []
for words in json.loads(sys.argv[1]):
    sys.argv = ["prefect", *words, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        runpy.run_module("prefect", run_name="__main__")
    helps.append(said.getvalue())
print(json.dumps(helps))
"""


def helps_of(commands: list[tuple[str, ...]]) -> list[str]:
    """Ask Prefect's own program for the help of some commands."""
    done = subprocess.run(
        [sys.executable, "-c", HELPS, json.dumps(commands)],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return list(json.loads(done.stdout))


def is_option(word: str) -> bool:
    return word.startswith("-")


def test_the_unit_is_hardened_and_writes_to_the_store_alone() -> None:
    unit = (SYSTEMD / "nightfold.service").read_text(encoding="utf-8").splitlines()
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "User=nightfold"):
        assert line in unit
    assert "ReadWritePaths=/var/lib/nightfold/store" in unit
    for line in ("SystemCallFilter=@system-service", "MemoryMax=16G", "ProtectProc=invisible"):
        assert line in unit
    assert "OnFailure=nightfold-failed@%n.service" in unit
    assert (SYSTEMD / "nightfold-failed@.service").is_file()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    for unit in SYSTEMD.iterdir():
        # The program is not installed where tests run.
        text = unit.read_text(encoding="utf-8")
        text = text.replace(
            "/opt/nightfold/.venv/bin/nightfold", shutil.which("true") or "/bin/true"
        )
        (tmp_path / unit.name).write_text(text.replace("Documentation=file:///opt", "#"))
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"},
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if "nightfold" in line]
    assert (done.returncode, said) == (0, [])
