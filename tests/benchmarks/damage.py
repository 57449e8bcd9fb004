"""Hundreds of damages to a store of real nights: each is found, and nothing is lost by a repair.

python tests/benchmarks/damage.py --out damage.json [--bits 240] [--single 200] [--pairs 200] [--bare 40]

Five small nights are run and the first is pruned. Every case damages a copy of that store: one
flipped bit in what is trusted (manifests, cache records, lists, summaries), one file anywhere, or
two. The cases "bare" damage a published file of a store without its cache, in which no night is
pruned.
Then `doctor --repair` must end without an error, find what counts, bring back what has a copy or can
be made again, and take no file away that was not damaged. A report made again must have the bytes
that it had: those of the nights that are kept are made anew once the first is pruned, for a report
shows the nights before it that are there. Of embeddings the vectors count, not the files.
Of the cases that name nights to run again some are run: the store must be sound then, and no other
night changed. In the store in which nothing is pruned, what is published must be what was there at
first; in the other the doctor must say that such a night comes out without the pruned documents.
Prints a table, writes JSON; exit code 1 if anything of that does not hold.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from damage_kinds import KINDS, PUBLISHED, changed, digests_in, files_of, is_of_vectors, linked
from soak_feed import nights_of, write_feed

from tasks.operating.doctor.examine import examine, repair_all
from tasks.operating.doctor.finding import Finding
from tasks.operating.prune import prune
from tasks.publishing.report_files import write_report
from tasks.store.followed import record_path
from tasks.store.listing import read_retired
from tasks.store.storage import FeedStore

CONFIG: Final = "window_days = 5\nfeed_name = 'damage'\n[clustering]\nn_clusters = 6\n"
GROUPS: Final = ("bits", "single", "pairs", "bare")
_ONE_DAMAGE: Final = ("bits", "single")
"""Those in which whatever has a copy must come back: the copy is not damaged."""

CACHE: Final = ("stages", "results", "copies")
"""What "bare" goes without, so that nothing has a copy, and nights must be run again."""

N_NIGHTS: Final = 5
KEEP: Final = 4

TRUSTED: Final = (
    "runs/*/manifest.json", "runs/*/pruned.json", "state/retired.json", "reports/*",
    "state/results/*",
)  # fmt: skip
"""What says what is so, and which no other file could contradict."""

_WITHOUT_COPY: Final = ("models/", "known/")
"""What is published once: of all else there is a copy, or what it can be made of again."""

_PRUNED_NIGHTS: Final = "nights of its window were pruned"
"""What the doctor says of a night that comes out otherwise when it is run again."""

_NOT_MISSED: Final = ("state/copies/*", "state/results/*", "state/stages/*")
"""Copies and cache: what is gone is made again, and missed by nobody."""

_RUN: Final = re.compile(r'^  "run": \{.*?^  \},\n', re.MULTILINE | re.DOTALL)
_DIGEST: Final = re.compile(r'^  "(?:digest|manifest)": .*\n', re.MULTILINE)
"""Lines with the digest of all the rest, and with that of the manifest: of its run, too."""

_OF_A_RUN: Final = ("manifest.json", "followed.json")


@dataclass
class Case:
    """What was done to a copy of the store, and what came of it.

    Parameters
    ----------
    group
        One of `GROUPS`.
    damages
        Kind and file of each.
    found, left
        Rules of what was found, and of what a repair leaves for a person.
    wrong
        What did not hold.
    ran
        Nights that were run again.
    """

    group: str
    damages: list[tuple[str, str]]
    found: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Campaign:
    """The store that is damaged, and its feed.

    Parameters
    ----------
    store, pattern, config
        As for `nightfold backfill`.
    files
        All of its files.
    waiting
        Those that the next prune removes: nobody looks after them any more.
    is_pruned
        Whether its first night is.
    """

    store: Path
    pattern: str
    config: Path
    files: list[str]
    waiting: set[str]
    is_pruned: bool

    def draw(self, group: str, rng: Random) -> Case:
        """Draw the damages of a case."""
        if group == "bits":
            files = [
                it
                for it in self.files
                if it not in self.waiting and any(fnmatch(it, pattern) for pattern in TRUSTED)
            ]
            return Case(group, [("flip", rng.choice(files))])
        is_bare = group == "bare"
        kept = [it for it in self.files if it.startswith(PUBLISHED) and it not in self.waiting]
        first = rng.choice(kept if is_bare else self.files)
        drawn = [first]
        if group == "pairs":
            # Half of the second damages fall on the same night, where its copies are, too.
            night = re.search(r"night=[\d-]+", first)
            near = [it for it in self.files if night and night[0] in it and it != first]
            others = near if near and rng.random() < 1 / 2 else self.files
            drawn.append(rng.choice([it for it in others if it != first]))
        return Case(group, [(rng.choice(sorted(KINDS)), it) for it in drawn])

    def try_out(self, case: Case, copy: Path, rng: Random) -> list[Finding]:
        """Damage a copy of the store and repair it; return what is left for a person."""
        linked(self.store, copy)
        if case.group == "bare":
            for name in CACHE:
                shutil.rmtree(copy / "state" / name)
        for kind, file in case.damages:
            KINDS[kind](copy / file, rng)
        try:
            repaired, left = repair_all(copy)
        except Exception:
            case.wrong.append(f"raised {traceback.format_exc()[-500:]}")
            return []
        case.found = [it.rule for it in (*repaired, *left)]
        case.left = [it.rule for it in left]
        case.wrong += self._unmet(case, copy, left)
        return left

    def _unmet(self, case: Case, copy: Path, left: Sequence[Finding]) -> list[str]:
        """Return what does not hold after a repair."""
        damaged = {file for _, file in case.damages}
        differ = changed(self.store, copy) - self.waiting
        trash = digests_in(copy)
        lost = {
            file
            for file in differ - damaged
            if sha256((self.store / file).read_bytes()).hexdigest() not in trash
        }
        unmet = [f"{it} was not damaged, and is lost" for it in sorted(lost)]
        unmet += [f"{it} was not damaged, and is moved" for it in sorted(differ - damaged - lost)]
        if differ and not left:
            unmet.append(f"called sound, and {sorted(differ)} differ")
        missed = {it for it in damaged - self.waiting if _is_missed(it, case, differ)}
        if missed and not case.found:
            unmet.append("not found")
        if left and case.group in _ONE_DAMAGE and not all(map(_has_no_copy, damaged)):
            unmet.append(f"left for a person: {left[0].line()}")
        return unmet

    def run_again(self, case: Case, copy: Path, left: Sequence[Finding]) -> None:
        """Run the nights that the doctor names, and compare what is published with the first."""
        named = (re.findall(r"--night (\d{4}-\d\d-\d\d)", it.remedy) for it in left)
        for night in sorted({it for nights in named for it in nights}):
            done = backfill(copy, self.pattern, self.config, night, night)
            case.ran.append(night)
            if done.returncode:
                case.wrong.append(f"run of {night}: {done.stderr[-300:]}")
        repair_all(copy)
        if rest := [it.line() for it in examine(copy)]:
            case.wrong.append(f"after the runs: {rest[:3]}")
        differ = changed(self.store, copy) - self.waiting
        differ = {it for it in differ if not _is_same_night(self.store / it, copy / it)}
        if self.is_pruned:
            case.wrong += [f"not said: {it.line()}" for it in left if _keeps_quiet(it)]
            differ = {it for it in differ if not any(f"night={night}/" in it for night in case.ran)}
        if differ:
            case.wrong.append(f"after the runs {sorted(differ)[:5]} differ")


def _is_missed(file: str, case: Case, differ: set[str]) -> bool:
    """Return whether the doctor must find what happened to a file."""
    if file.startswith("state/copies/"):
        return False
    kinds = {kind for kind, damaged in case.damages if damaged == file}
    if kinds != {"delete"}:
        return True
    if is_of_vectors(file):  # those of a file can be in another one, too
        return file in differ
    return not any(fnmatch(file, pattern) for pattern in _NOT_MISSED)


def _has_no_copy(file: str) -> bool:
    return file.startswith(_WITHOUT_COPY)


def _keeps_quiet(finding: Finding) -> bool:
    """Return whether a finding asks for a night that comes out otherwise, and does not say so."""
    return "--night" in finding.remedy and _PRUNED_NIGHTS not in finding.remedy


def _is_same_night(one: Path, other: Path) -> bool:
    """Return whether two manifests, or lists of a report, are the same but for how the runs went."""
    if one.name not in _OF_A_RUN or not other.is_file():
        return False
    said = (_DIGEST.sub("", _RUN.sub("", it.read_text(encoding="utf-8"))) for it in (one, other))
    return len(set(said)) == 1


def backfill(
    store: Path, pattern: str, config: Path, first: str, last: str
) -> subprocess.CompletedProcess[str]:
    """Run nights in a process of their own."""
    nightfold = str(Path(sys.executable).with_name("nightfold"))
    is_one = first == last
    command = (
        [nightfold, "run", pattern.replace("{night}", first), "--night", first]
        if is_one
        else [nightfold, "backfill", pattern, "--from", first, "--to", last]
    )
    words = [*command, "--store", str(store), "--config", str(config)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def make_store(work: Path, seed: int, is_pruned: bool = True) -> Campaign:
    """Run the nights, and prune the first where asked to."""
    pattern = write_feed(work / "feed", N_NIGHTS, None, Random(seed))
    config, store = work / "damage.toml", work / "store"
    config.write_text(CONFIG, encoding="utf-8")
    nights = nights_of(N_NIGHTS)
    done = backfill(store, pattern, config, str(nights[0]), str(nights[-1]))
    if done.returncode:
        raise RuntimeError(f"the nights failed:\n{done.stderr[-3000:]}")
    if is_pruned:
        prune(store, KEEP)
    repair_all(store)
    make_reports(store, is_the_same=not is_pruned)
    if found := [it.line() for it in examine(store)]:
        raise RuntimeError(f"the store is not sound before any damage: {found}")
    return Campaign(store, pattern, config, files_of(store), read_retired(store), is_pruned)


def make_reports(root: Path, is_the_same: bool) -> None:
    """Make the reports of all nights again, which must give the same where nothing was pruned."""
    feed = FeedStore(root=root, feed="damage")
    for night in map(feed.on, feed.published_nights()):
        path = record_path(night)  # it has the digests of all others
        before = path.read_bytes()
        write_report(night)
        if is_the_same and path.read_bytes() != before:
            raise RuntimeError(f"the report of {night.night} is another one when made again")


def report(cases: Sequence[Case]) -> str:
    """Return the outcome as a table, and every case that does not hold."""
    lines = [
        "| damages | cases | found | put right | left for a person | nights run again | wrong |",
        "|---|" + "---:|" * 6,
    ]
    for group in GROUPS:
        of = [it for it in cases if it.group == group]
        found, left = [it for it in of if it.found], [it for it in of if it.left]
        numbers = (
            len(of),
            len(found),
            len(found) - len(left),
            len(left),
            sum(bool(it.ran) for it in of),
            sum(bool(it.wrong) for it in of),
        )
        lines.append(f"| {group} | {' | '.join(map(str, numbers))} |")
    rules = Counter(rule for case in cases for rule in case.found)
    lines.append(f"rules: {', '.join(f'{rule} {n}' for rule, n in rules.most_common())}")
    lines += [f"WRONG {it.damages}: {'; '.join(it.wrong)}" for it in cases if it.wrong]
    return "\n".join(lines)


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--bits", type=int, default=240)
    parser.add_argument("--single", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--bare", type=int, default=40)
    parser.add_argument(
        "--runs", type=int, default=6, help="cases of each store whose nights are run again"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng, cases, runs = Random(given.seed), [], {True: given.runs, False: given.runs}
    with TemporaryDirectory() as folder:
        pruned, whole = Path(folder) / "pruned", Path(folder) / "whole"
        campaigns = {False: make_store(pruned, given.seed)}
        campaigns[True] = (
            make_store(whole, given.seed, is_pruned=False) if given.bare else campaigns[False]
        )
        groups = [name for name in GROUPS for _ in range(vars(given)[name])]
        for group in groups:
            campaign, copy = campaigns[group == "bare"], Path(folder) / "copy"
            case = campaign.draw(group, rng)
            left = campaign.try_out(case, copy, rng)
            is_asked = any("--night" in it.remedy for it in left)
            if runs[campaign.is_pruned] and is_asked and not case.wrong:
                runs[campaign.is_pruned] -= 1
                campaign.run_again(case, copy, left)
            cases.append(case)
            shutil.rmtree(copy)
    given.out.write_text(json.dumps([asdict(it) for it in cases], indent=1), encoding="utf-8")
    print(report(cases))
    sys.exit(any(it.wrong for it in cases))


if __name__ == "__main__":
    main()
