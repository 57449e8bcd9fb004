"""What becomes of a line of a shell block: it is run, or looked at as far as it goes here."""

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import typer

from flows.cli.app import app
from tests.flows.docs.blocks import ROOT

Run = Callable[[list[str]], Any]

NOT_RUN = {
    "demo": "runs four nights of 735 documents: a minute, and `make bench-golden` does",
    "ui": "stays up until it is stopped, see tests/flows/test_browser.py",
    "serve": "stays up until it is stopped, see tests/flows/cli/test_serve.py",
    "encoder": "takes half a minute, or half a gigabyte; see tests/models/encoding",
    "backfill": "runs a month of nights, see tests/flows/cli/test_backfill.py",
}
"""Commands of nightfold that are not run, but whose options are read, with the reason."""

AWAY = re.compile(r"^(?!sqlite:)[\w+]+://|^/")
"""What is not on this machine: a server, a site, a folder of somebody else's."""

ELSEWHERE = {
    "useradd": "changes the users of the machine",
    "install": "writes outside of the project",
    "cp": "writes outside of the project",
    "systemctl": "needs systemd",
    "prefect": "needs a Prefect server, see tests/deployments",
    "python3": "makes an environment, as tests/deployments/test_wheel.py does",
    "sed": "writes a file of its own for `prefect`",
    "mail": "needs a mail server",
}
"""Programs that are not run, with the reason; the files of the project that they name are there."""

_ENDS = {"||", "&&", "|"}
_SCHEDULE = re.compile(r"^(?:[\d*/,-]+ ){5}")
_ASSIGNED = re.compile(r"^[A-Z][A-Z0-9_]*=")
_MAKE = (ROOT / "Makefile").read_text(encoding="utf-8")
_EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]


def calls_in(text: str) -> Iterator[list[str]]:
    """Yield the words of every call in a shell block, without comments and variables before it."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(_SCHEDULE.sub("", line), comments=True)
        while words:
            end = next((n for n, it in enumerate(words) if it in _ENDS), len(words))
            call, words = words[:end], words[end + 1 :]
            while call and _ASSIGNED.match(call[0]):
                call = call[1:]
            if call and call[0] != "export":
                yield call[: call.index(">")] if ">" in call else call


def follow(call: list[str], run: Run) -> None:
    """Run a call of nightfold, or look at one of another program."""
    program, *words = call
    name = program.removeprefix(".venv/bin/")
    if name == "nightfold":
        _follow_nightfold(words, run)
    elif name == "make":
        _require_target(words)
    elif name in {"pip", "pipx", "uv"}:
        _require_extras(words)
    elif name == "python":
        _require_script(words)
    else:
        assert name in ELSEWHERE, f"{name} is neither run nor in ELSEWHERE with a reason"
        named = [it for it in words if re.match(r"(deployments|docs|tests)/\S+$", it)]
        assert all(any(ROOT.glob(it)) for it in named), named


def _follow_nightfold(words: list[str], run: Run) -> None:
    is_away = any(AWAY.match(it) for it in words)
    if words[0] in NOT_RUN or is_away:
        parsed(words)
    else:
        run(words)


def parsed(words: list[str]) -> None:
    """Fail where a command is not there, or does not take its options; nothing is run."""
    command: Any = typer.main.get_command(app)
    while children := getattr(command, "commands", None):
        name, *words = words
        assert name in children, f"there is no command {name}"
        command = children[name]
    command.make_context(command.name, list(words))


def _require_target(words: list[str]) -> None:
    targets = [it for it in words if "=" not in it]
    variables = [it.partition("=")[0] for it in words if "=" in it]
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", _MAKE, re.MULTILINE), f"no target {target}"
        recipe = _MAKE.split(f"\n{target}:")[1].split("\n\n")[0]
        missing = [it for it in variables if it not in recipe]
        assert not missing, f"{target} does not use {missing}"


def _require_extras(words: list[str]) -> None:
    for group in re.findall(r"\[([\w,]+)\]", " ".join(words)):
        assert set(group.split(",")) <= _EXTRAS.keys(), group


def _require_script(words: list[str]) -> None:
    if words[0] == "-m":
        return
    script = ROOT / words[0]
    assert script.is_file(), words[0]
    source = script.read_text(encoding="utf-8")
    missing = [it for it in words if it.startswith("--") and it not in source]
    assert not missing, f"{words[0]} does not take {missing}"
