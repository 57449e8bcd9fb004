"""Thirty nights with kills at random moments and damage between them, against an undisturbed run.

python tests/benchmarks/soak.py --out soak.json [--nights 30] [--kills 64] [--data DATED.parquet]

Every attempt is a process of its own, which is killed by SIGKILL; it is forked off one that has loaded
the libraries, and they share a Prefect server that nobody kills, so that what is killed is work.
Half of the kills come at any moment, where long stages are hit, half just after a stage began, every
stage in turn. The damage reaches manifests and summaries too; a night that the doctor then says to run
again is run again. At the end the store must be sound, rows must be conserved over all nights, and everything that is
published, the vector of every text among it, must be what an undisturbed run of the same nights has
published. Prints a table, writes JSON; exit code 1 if anything of that does not hold.
"""

import argparse
import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow.parquet as pq
from soak_damage import damage
from soak_feed import nights_of, write_feed

from flows.prefect_home.runtime import embed_prefect
from tasks.operating.doctor.examine import examine, repair_all
from tasks.preparing.counts import PLACES
from tasks.store.lock import store_lock
from tasks.store.storage import Store
from tests.flows.stages import stages
from validation.tables.schemas import PUBLISHED

CONFIG: Final = "window_days = 5\nfeed_name = 'soak'\n[clustering]\nn_clusters = 6\n"
SHARE_OF_STARTS_KILLED: Final = 1 / 6
SHARE_OF_KILLS_AIMED: Final = 1 / 2
SHARE_DAMAGED: Final = 1 / 2
NOBODY_READS: Final = {"orphan", "temporary"}
"""What may be left for the last repair: nothing that is published, and no vector of a document."""

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_LOADED: Final = [
    "flows.nightly",
    "flows.cli.backfill",
    "models.encoding.encoder",
    "great_expectations",
]
_STAGES: Final = stages()
_AIM_SECONDS: Final = 0.3
_AIM_SECONDS_SHORT: Final = 0.02
"""The same for stages that are over in a few hundredths of a second."""

_SHORT_STAGES: Final = {"find feed", "ingest", "withdraw", "rejoin", "describe"}


@dataclass
class Soak:
    """A store, its feed, and what was done to it.

    Parameters
    ----------
    store, pattern, config
        As for `nightfold backfill`.
    log
        Of all its processes.
    """

    store: Path
    pattern: str
    config: Path
    log: Path
    kills: Counter[str] = field(default_factory=Counter)
    damages: list[str] = field(default_factory=list)
    repairs: int = 0
    reruns: int = 0
    """Nights that were run again because the doctor said so."""
    aims: Iterator[str] = field(default_factory=lambda: cycle(_STAGES))
    """The stages in turn, for the kills that are aimed."""

    def start(self, first: date, last: date) -> ForkServerProcess:
        """Start to run nights that are not published yet, in a process of their own."""
        self.log.write_bytes(b"")
        given = (self.store, self.pattern, self.config, self.log, first, last)
        process = _CONTEXT.Process(target=backfill, args=given)
        process.start()
        return process

    def finish(self, first: date, last: date) -> float:
        """Run nights that nobody disturbs; give the seconds from the first stage on."""
        process = self.start(first, last)
        self.wait_for(process, _STAGES[0])
        started = time.monotonic()
        process.join()
        self.require_no_error(process)
        return time.monotonic() - started

    def run_again(self, night: date) -> None:
        """Run a night as `nightfold run --night` does, published or not."""
        given = (self.store, self.pattern, self.config, self.log, night)
        process = _CONTEXT.Process(target=run, args=given)
        process.start()
        process.join()
        self.require_no_error(process)

    def wait_for(
        self, process: ForkServerProcess, stage: str, seconds: float = float("inf")
    ) -> None:
        """Wait until a stage has started, the process has ended, or some seconds are over."""
        mark, end = f" {stage}: started", time.monotonic() + seconds
        while process.is_alive() and time.monotonic() < end:
            if mark in self.log.read_text(errors="replace"):
                return
            time.sleep(0.02)

    def kill(self, first: date, last: date, seconds: float, rng: Random) -> bool:
        """Run nights and kill the process at some moment; False if it was done before that."""
        process = self.start(first, last)
        if rng.random() >= SHARE_OF_STARTS_KILLED:
            self.wait_for(process, _STAGES[0])
        if rng.random() < SHARE_OF_KILLS_AIMED:
            stage = next(self.aims)
            self.wait_for(process, stage, seconds)
            seconds = _AIM_SECONDS_SHORT if stage in _SHORT_STAGES else _AIM_SECONDS
        process.join(timeout=rng.uniform(0, seconds))
        process.kill()
        process.join()
        self.require_no_error(process)
        if process.exitcode == 0:
            return False
        self.kills[self.last_stage()] += 1
        return True

    def require_no_error(self, process: ForkServerProcess) -> None:
        """Fail where a process ended in an error of its own."""
        if process.exitcode not in (0, -signal.SIGKILL):
            raise RuntimeError(f"the run failed:\n{self.log.read_text(errors='replace')[-3000:]}")

    def last_stage(self) -> str:
        """Say in which stage the log ends."""
        lines = self.log.read_text(errors="replace").splitlines()
        marks = [line.rsplit(" - ", 1)[-1] for line in lines if " tasks.frame.stage - " in line]
        told = [it for it in marks if it.endswith(": started") or ": done in " in it]
        if not told:
            return "start"
        stage, _, mark = told[-1].partition(": ")
        return stage if mark == "started" else "between stages"

    def repair(self) -> list[str]:
        """Repair the store as `nightfold doctor --repair` does; give what is left."""
        with store_lock(self.store, "doctor"):
            repaired, left = repair_all(self.store)
        self.repairs += len(repaired)
        return [finding.line() for finding in left]

    def spoil(self, rng: Random) -> None:
        """Damage a file, repair the store, and run the nights again that the doctor names."""
        done = damage(self.store, rng)
        if done is None:
            return
        self.damages.append(done)
        for night in sorted({night for line in self.repair() for night in _nights_to_run(line)}):
            self.run_again(night)
            self.reruns += 1
        if left := self.repair():
            raise RuntimeError(f"after {done} the doctor left: {left[0]}")

    def published_nights(self) -> list[date]:
        """List what is published."""
        return Store(root=self.store, feed="soak", night=date.min).published_nights()


def _nights_to_run(finding: str) -> list[date]:
    """Return the night that a finding says to run again, if it does."""
    return [
        date.fromisoformat(night) for night in re.findall(r"nightfold run .*--night (\S+)", finding)
    ]


def backfill(store: Path, pattern: str, config: Path, log: Path, first: date, last: date) -> None:
    """Run nights that are not published yet in this process, as `nightfold backfill` does."""
    from flows.cli.backfill import Past, configured_nights, run_nights
    from flows.nightly import nightly

    _log_to(log)
    past = Past(pattern, first, last)
    run_nights(configured_nights(past, config, {"store": str(store)}), nightly)


def run(store: Path, pattern: str, config: Path, log: Path, night: date) -> None:
    """Run a night in this process, as `nightfold run` does."""
    from flows.cli.backfill import Past, configured_nights
    from flows.nightly import nightly

    _log_to(log)
    for configured in configured_nights(Past(pattern, night, night), config, {"store": str(store)}):
        nightly(configured)


def _log_to(log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())


@contextmanager
def prefect_server(folder: Path) -> Iterator[None]:
    """Keep a Prefect server that outlives every kill: its start would take most of the time."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    embed_prefect(folder, log_level="INFO")
    os.environ |= {"PREFECT_SERVER_API_PORT": port}
    words = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        while not _answers(port):
            if server.poll() is not None:
                raise RuntimeError(f"the Prefect server did not start: {log.name}")
            time.sleep(0.5)
        os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
        yield
    finally:
        server.terminate()
        server.wait()


def _answers(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as said:
            return bool(said.status == 200)
    except OSError:
        return False


def disturb(soak: Soak, nights: Sequence[date], n_kills: int, seconds: float, rng: Random) -> None:
    """Kill and damage, the kills spread over the nights.

    Parameters
    ----------
    soak, nights
        What is disturbed.
    n_kills
        As many as that, unless the nights are done before.
    seconds
        That a night takes.
    rng
        Of the moments and the damage.
    """
    while (done := soak.kills.total()) < n_kills:
        n_published, due = len(soak.published_nights()), done * len(nights) // n_kills
        if n_published == len(nights):
            return
        last = max(n_published, due)
        # A night that is ahead of its kills is killed sooner, so that it does not run away.
        span = seconds / 2 if n_published > due else seconds * (last - n_published + 1)
        soak.kill(nights[0], nights[last], span, rng)
        if rng.random() < SHARE_DAMAGED:
            soak.spoil(rng)
        _say(f"{soak.kills.total()} kills, {len(soak.damages)} damages, {n_published} nights done")


def published(store: Path) -> dict[str, Any]:
    """Give every published file's content; of a manifest, what does not tell of the run."""
    found: dict[str, Any] = {}
    for table in (*PUBLISHED, "models", "reports", "runs"):
        for path in sorted((store / table).rglob("*")):
            if path.is_file():
                content: Any = path.read_bytes()
                if path.name == "manifest.json":
                    content = json.loads(content) | {"run": None, "digest": None}
                found[path.relative_to(store).as_posix()] = content
    return found


def embeddings(store: Path) -> dict[str, bytes]:
    """Give every text's vector; into which files they were cut hangs on the kills."""
    found = {}
    for path in store.glob("embeddings/*/part-*.parquet"):
        table = pq.read_table(path, partitioning=None)
        digests, vectors = (table[name].to_pylist() for name in ("text_digest", "embedding"))
        found |= {digest: repr(one).encode() for digest, one in zip(digests, vectors, strict=True)}
    return found


def counts_of(soak: Soak, nights: Sequence[date]) -> Counter[str]:
    """Add up where the rows of all nights went."""
    total: Counter[str] = Counter()
    for night in nights:
        store = Store(root=soak.store, feed="soak", night=night)
        total.update(store.read_manifest().counts)
    return total


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Name what only one has, or both have differently."""
    return sorted(it for it in one.keys() | other.keys() if one.get(it) != other.get(it))


def verdict(soak: Soak, undisturbed: Soak, nights: Sequence[date], n_rows: int) -> dict[str, Any]:
    """Say what came of it, all that must hold as true or as an empty list."""
    total = counts_of(soak, nights)
    vectors = embeddings(soak.store)
    return {
        "nights": len(soak.published_nights()),
        "rows": dict(total),
        "rows_are_conserved": total["read"] == n_rows == sum(total[it] for it in PLACES),
        "kills": dict(soak.kills.most_common()),
        "n_kills": soak.kills.total(),
        "n_damages": len(soak.damages),
        "damages": soak.damages,
        "n_repairs": soak.repairs,
        "n_reruns": soak.reruns,
        "findings": [finding.line() for finding in examine(soak.store)],
        "n_published_files": len(published(soak.store)),
        "different_files": differences(published(soak.store), published(undisturbed.store)),
        "n_embeddings": len(vectors),
        "different_embeddings": differences(vectors, embeddings(undisturbed.store)),
    }


def table(found: dict[str, Any]) -> str:
    """Write what came of it as a table for the docs."""
    rows = {
        "nights": found["nights"],
        f"rows read = {' + '.join(PLACES).replace('_', ' ')}": " = ".join(
            (f"{found['rows']['read']:,}", " + ".join(f"{found['rows'][it]:,}" for it in PLACES))
        ),
        "kills": found["n_kills"],
        "killed in": ", ".join(f"{stage} {count}" for stage, count in found["kills"].items()),
        "files damaged between runs": found["n_damages"],
        "findings that `doctor --repair` put right": found["n_repairs"],
        "nights run again because the doctor said so": found["n_reruns"],
        "of these, left over by kills at the end": len(found["left_over"]),
        "findings of `doctor` at the end": len(found["findings"]),
        "published files, of which differ from the undisturbed run": (
            f"{found['n_published_files']:,}, {len(found['different_files'])}"
        ),
        "embeddings, of which are lost or differ": (
            f"{found['n_embeddings']:,}, {len(found['different_embeddings'])}"
        ),
        "minutes": f"{found['minutes']:.0f}",
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {it} |" for name, it in rows.items())])


def holds(found: dict[str, Any], n_nights: int) -> bool:
    """Say whether all is as it must be."""
    broken = [*found["findings"], *found["different_files"], *found["different_embeddings"]]
    broken += [it for it in found["left_over"] if it.split(": ")[1] not in NOBODY_READS]
    return found["nights"] == n_nights and found["rows_are_conserved"] and not broken


def soak_nights(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Run the nights undisturbed, then once more with kills and damage, and compare."""
    began, rng = time.monotonic(), Random(given.seed)
    nights = nights_of(given.nights)
    config = folder / "soak.toml"
    config.write_text(CONFIG)
    pattern = write_feed(folder / "feed", given.nights, given.data, rng)
    lines = [path.read_bytes().count(b"\n") for path in (folder / "feed").iterdir()]
    undisturbed = Soak(folder / "undisturbed", pattern, config, folder / "undisturbed.log")
    soak = Soak(folder / "store", pattern, config, folder / "soak.log")
    seconds = undisturbed.finish(nights[0], nights[-1]) / len(nights)
    _say(f"a night takes {seconds:.1f} s")
    disturb(soak, nights, given.kills, seconds, rng)
    soak.finish(nights[0], nights[-1])
    left_over = [finding.line() for finding in examine(soak.store)]
    soak.repair()
    found = verdict(soak, undisturbed, nights, sum(lines)) | {"left_over": left_over}
    return found | {"minutes": (time.monotonic() - began) / 60}


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")


def main() -> None:
    """Soak a store and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--kills", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, help="a dated Parquet with id, text, timestamp")
    parser.add_argument("--out", type=Path, default=Path("soak.json"))
    parser.add_argument("--keep", type=Path, help="a new folder for the stores, which then stay")
    given = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with prefect_server(folder):
            _CONTEXT.set_forkserver_preload(_LOADED)
            found = soak_nights(folder, given)
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(table(found) + "\n")
    sys.exit(0 if holds(found, given.nights) else 1)


if __name__ == "__main__":
    main()
