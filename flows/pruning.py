"""Prune a whole store: its nights, its cache, and the runs in its own Prefect database."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.prefect_home.forget_runs import Forgotten, forget_runs, size_of
from tasks.store.bucket.claim import claimed

if TYPE_CHECKING:
    from tasks.operating.prune import Retention


@dataclass(frozen=True)
class Pruned:
    """What was done with a store, or would be.

    Parameters
    ----------
    retention
        With its nights and files.
    n_bytes
        By how much it is smaller, without the Prefect database.
    forgotten
        With that database; None where there is none.
    is_dry_run
        Whether nothing was done.
    """

    retention: "Retention"
    n_bytes: int
    forgotten: Forgotten | None
    is_dry_run: bool

    def sentences(self) -> list[str]:
        """Return it for people."""
        would_be = "would be " if self.is_dry_run else ""
        freed = f"on the disk: {size_of(self.n_bytes)} {would_be}freed"
        runs = [self.forgotten.sentence(would_be)] if self.forgotten else []
        return [*self.retention.sentences(would_be), freed, *runs]

    def told(self) -> dict[str, Any]:
        """Return it for programs."""
        done, runs = self.retention, self.forgotten
        return {
            "is_dry_run": self.is_dry_run,
            "pruned": [{"feed": it.feed, "night": str(it.night)} for it in done.unlisted],
            "in_the_window": [{"feed": it.feed, "night": str(it.night)} for it in done.shortened()],
            "kept": [{"feed": it.feed, "night": str(it.night)} for it in done.kept],
            "n_embeddings_dropped": sum(layout.n_dropped for layout in done.layouts),
            "n_files_removed": len(done.removed),
            "n_files_for_the_next_prune": len(done.retired),
            "n_trashed_removed": done.n_trashed,
            "n_trashed_for_the_next_prune": done.n_waiting,
            "n_bytes_freed": self.n_bytes,
            "prefect": {
                "ended_before": runs.before.isoformat(timespec="seconds"),
                "n_runs_dropped": runs.n_runs,
                "n_bytes_freed": runs.n_bytes,
            }
            if runs
            else None,
        }


def prune_store(root: Path, keep: int, dry_run: bool) -> Pruned:
    """Keep the last nights of every feed; return what was or would be done.

    Raises
    ------
    StoreBusyError
        If a run works on the store.
    ForgetError
        If the nights are pruned and the Prefect database could not be vacuumed.
    """
    with claimed(root, "prune", changes=not dry_run) as claim:
        done, n_bytes = _tried(root, keep) if dry_run else _pruned(root, keep)
        if not dry_run:
            claim.send(sweeps=True)
        return Pruned(done, n_bytes, forget_runs(root, keep, dry_run), dry_run)


def _tried(root: Path, keep: int) -> "tuple[Retention, int]":
    from tasks.operating.prune import cached_until, plan_prune
    from tasks.store.aside.trash import trashed

    planned = plan_prune(root, keep)
    going = {
        *(root / file for file in planned.removed),
        *(night.manifest_path() for night in planned.unlisted),
        *cached_until(root, planned.last_unlisted()),
        *trashed(root)[0],
    }
    return planned, sum(path.stat().st_size for path in going if path.is_file())


def _pruned(root: Path, keep: int) -> "tuple[Retention, int]":
    from tasks.operating.prune import prune

    before = _sizes(root)
    done = prune(root, keep)
    return done, sum(before[path] for path in before.keys() - _sizes(root).keys())


def _sizes(root: Path) -> dict[Path, int]:
    """Return the size of every file but the Prefect database's, which servers write to."""
    skipped = root / "state" / "prefect"
    return {
        path: path.stat().st_size
        for path in root.rglob("*")
        if path.is_file() and not path.is_relative_to(skipped)
    }
