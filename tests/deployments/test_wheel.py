"""A wheel of the project, installed where the checkout is not, holds all of it and runs the demo."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.flows.processes import SHORT, STARTUP

ROOT = Path(__file__).parents[2]
LAYERS = ("flows", "tasks", "models", "validation")
N_DOCUMENTS = 40
"""Of each night of the sample, of several hundred: the demo takes as long as its nights are large."""

pytestmark = pytest.mark.slow


def pip(*words: object) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def sources() -> set[str]:
    """Every file that has to be in the wheel."""
    return {
        path.relative_to(ROOT).as_posix()
        for layer in LAYERS
        for path in (ROOT / layer).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, for what is built stays beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    for layer in LAYERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / layer, folder / layer, ignore=ignored)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder / "dist", folder)
    (built,) = (folder / "dist").glob("nightfold-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a folder of its own; what it needs is that of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--no-deps", "--target", folder, wheel)
    return folder


def run(installed: Path, folder: Path, *words: object) -> str:
    """Run a program that finds the installed packages before all others, far from the checkout."""
    ours = ("PREFECT_", "NIGHTFOLD_", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        umask=0o077,
        cwd=folder,
        env=kept | {"PYTHONPATH": os.pathsep.join([str(installed), str(STARTUP)])},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def train_briefly(installed: Path) -> None:
    """Let the installed package train for a few epochs: how good its clusters are is not asked."""
    module = installed / "models" / "nightfold" / "cotraining.py"
    source = module.read_text(encoding="utf-8")
    assert source.count("\nMAX_EPOCHS: Final = ") == 1
    rewrite(module, f"{source}\n\nMAX_EPOCHS = {SHORT}\n")


def run_two_nights(installed: Path) -> None:
    """Let the installed demo end after two nights: all four are run from the checkout."""
    module = installed / "flows" / "cli" / "demo" / "demo.py"
    source = module.read_text(encoding="utf-8")
    assert source.count("range(1, 5)") == 1
    rewrite(module, source.replace("range(1, 5)", "range(1, 3)"))


def rewrite(module: Path, source: str) -> None:
    """Write a module; a source as long, of the same second, would count as compiled already."""
    module.write_text(source, encoding="utf-8")
    Path(cache_from_source(str(module))).unlink(missing_ok=True)


def test_the_wheel_holds_every_module_and_the_sample(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        held = {name for name in packed.namelist() if ".dist-info/" not in name}
        assert held == sources()
        assert all(packed.read(name) == (ROOT / name).read_bytes() for name in held)


def test_the_installed_wheel_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    code = (
        f"import {', '.join(LAYERS)}; print(*({', '.join(f'{it}.__path__[0]' for it in LAYERS)}))"
    )
    assert run(installed, tmp_path, "-c", code).split() == [str(installed / it) for it in LAYERS]
    train_briefly(installed)
    run_two_nights(installed)
    for night in (installed / "flows" / "sample").glob("night-*"):
        (night / "tickets.csv").unlink()
        reviews = night / "reviews.jsonl"
        lines = reviews.read_bytes().splitlines(keepends=True)
        reviews.write_bytes(b"".join(lines[:N_DOCUMENTS]))
    said = run(installed, tmp_path, installed / "bin" / "nightfold", "demo")
    assert said.count("manifest: ") == 2
    manifests: list[dict[str, Any]] = [
        json.loads(path.read_bytes())
        for path in sorted((tmp_path / "demo-store").glob("runs/*/*/manifest.json"))
    ]
    assert [it["night"] for it in manifests] == [f"2026-03-0{night}" for night in (1, 2)]
    assert all(it["counts"]["read"] == N_DOCUMENTS for it in manifests)
    assert (tmp_path / "demo-store" / "state" / "prefect" / "prefect.db").is_file()
    files = [it for it in (tmp_path / "demo-store").rglob("*") if it.is_file()]
    assert [it for it in files if it.stat().st_mode & 0o077] == []
