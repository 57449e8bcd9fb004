"""Prune a whole store: its nights, its cache, and the runs in its own Prefect database."""

from pathlib import Path
from typing import TYPE_CHECKING

from flows.prefect_home.forget_runs import forget_runs, size_of
from tasks.store.lock import store_lock

if TYPE_CHECKING:
    from tasks.operating.prune import Retention


def prune_store(root: Path, keep: int, dry_run: bool) -> list[str]:
    """Keep the last nights of every feed; return what was or would be done, in sentences.

    Raises
    ------
    StoreBusyError
        If a run works on the store.
    ForgetError
        If the nights are pruned and the Prefect database could not be vacuumed.
    """
    would_be = "would be " if dry_run else ""
    with store_lock(root, "prune"):
        done, n_bytes = _tried(root, keep) if dry_run else _pruned(root, keep)
        sentences = [*done.sentences(would_be), f"on the disk: {size_of(n_bytes)} {would_be}freed"]
        forgotten = forget_runs(root, keep, dry_run)
    return sentences + ([forgotten.sentence(would_be)] if forgotten else [])


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
