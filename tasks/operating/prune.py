"""Keep the last nights of every feed and delete the rest, in two steps that break no reader.

A prune unlists: manifests go, so that nobody who looks now finds the night, but its files stay for
those who looked before. The prune after it removes those files.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from tasks.mentions.shelved import passage_digests
from tasks.operating.compaction import Layout, plan, write_parts
from tasks.store.aside.copies import forget_copies
from tasks.store.aside.trash import empty_trash, remove_empty_folders, trashed
from tasks.store.embeddings import is_of_passages
from tasks.store.files import sha256_of, write_part
from tasks.store.listing import feeds_of, named_refs, read_retired, write_retired
from tasks.store.manifests import require_known_format
from tasks.store.pruned import KNOWN, PrunedNight, read_pruned, write_pruned
from tasks.store.storage import FeedStore, Ref, Store, read_table, require_file
from validation.tables.columns import DOC_ID, TEXT_DIGEST

SMALLEST_KEEP = 2
"""The last night can be run again only on the night before it."""


@dataclass(frozen=True)
class Retention:
    """What a prune does.

    Parameters
    ----------
    unlisted
        Nights that are published no more.
    kept
        Nights that stay.
    retired
        Their files, and those of embeddings that are rewritten: the next prune removes them.
    removed
        Files that the prune before has retired.
    layouts
        What is done with the embeddings, encoder by encoder.
    n_trashed, n_waiting
        How many files of the trash go now, which the prune before has seen, and how many later.
    """

    unlisted: list[Store]
    kept: list[Store]
    retired: set[str]
    removed: set[str]
    layouts: list[Layout] = field(default_factory=list)
    n_trashed: int = 0
    n_waiting: int = 0

    def last_unlisted(self) -> float | None:
        """Return when the last of the unlisted nights was published, in seconds of the epoch."""
        paths = [night.manifest_path() for night in self.unlisted]
        return max((path.stat().st_mtime for path in paths), default=None)

    def shortened(self) -> list[Store]:
        """Return the unlisted nights that were in the window of the last night."""
        last = {it.feed: it for it in self.kept}
        return [it for it in self.unlisted if it.night >= _window_start(last[it.feed])]

    def sentences(self, would_be: str = "") -> list[str]:
        """Return what was removed, what waits, and what the next run will miss.

        Parameters
        ----------
        would_be
            What stands before a participle where nothing was done yet.
        """
        n_dropped = sum(layout.n_dropped for layout in self.layouts)
        return [
            *(f"night {it.night} of feed {it.feed}: {would_be}pruned" for it in self.unlisted),
            *(
                f"night {it.night} of feed {it.feed} is in the window of the last night:"
                " runs from now on cluster without it"
                for it in self.shortened()
            ),
            f"embeddings that no document uses: {n_dropped:,} {would_be}dropped",
            f"files {would_be}removed, retired by the prune before: {len(self.removed):,}",
            f"files that the next prune removes: {len(self.retired):,}",
            *self._trash_sentences(would_be),
        ]

    def _trash_sentences(self, would_be: str) -> list[str]:
        """Return what happens to the trash, where there is any."""
        if not self.n_trashed and not self.n_waiting:
            return []
        return [
            f"files in the trash: {self.n_trashed:,} {would_be}removed,"
            f" {self.n_waiting:,} left for the next prune"
        ]


def plan_prune(root: Path, keep: int) -> Retention:
    """Return what a prune would do; for the holder of the store's lock.

    Raises
    ------
    ValueError
        If a manifest or a table that decides cannot be read, or fewer than two nights are kept.
    """
    if keep < SMALLEST_KEEP:
        raise ValueError(f"keep must be at least {SMALLEST_KEEP} nights, got {keep}")
    require_known_format(root)
    unlisted: list[Store] = []
    kept: list[Store] = []
    for feed in feeds_of(root):
        nights = _nights(FeedStore(root=root, feed=feed))
        first = _first_kept(nights, keep)
        unlisted += nights[:first]
        kept += nights[first:]
    before = read_retired(root)
    named = set().union(*(_files_of(night) for night in kept))
    texts = set().union(*(_text_digests(night) for night in kept))
    passages = set().union(*(_passage_digests(night) for night in kept))
    parts = {root / file for file in before}
    folders = sorted(root.glob("embeddings/encoder=*"))
    layouts = [plan(it, passages if is_of_passages(it) else texts, parts) for it in folders]
    retired = set().union(*(_files_of(night) for night in unlisted))
    rewritten = {_name(root, path) for layout in layouts for path in layout.rewritten}
    seen, waiting = trashed(root)
    return Retention(
        unlisted,
        kept,
        (retired | rewritten) - before,
        before - named,
        layouts,
        n_trashed=len(seen),
        n_waiting=len(waiting),
    )


def prune(root: Path, keep: int) -> Retention:
    """Unlist all but the last nights, and remove what the prune before has unlisted.

    Cut short at any point, it leaves a store that can be read, and the next prune goes on.
    """
    planned = plan_prune(root, keep)
    last_unlisted = planned.last_unlisted()
    known = [_keep_known(night) for night in planned.unlisted]
    written = {
        _name(root, path)
        for layout in planned.layouts
        if layout.wanted
        for path in write_parts(layout)
    }
    retired, removed = planned.retired - written, planned.removed - written
    write_retired(root, retired | removed)
    _unlist(planned.unlisted, known)
    for file in removed:
        _remove(root, root / file)
    write_retired(root, retired)
    empty_trash(root)
    forget_cache(root, until=last_unlisted)
    return planned


def forget_cache(root: Path, until: float | None) -> int:
    """Remove what `cached_until` lists; return how many files."""
    old = cached_until(root, until)
    for path in old:
        path.unlink()
    return len(old)


def cached_until(root: Path, moment: float | None) -> list[Path]:
    """List the cached stages from before a moment: they hold texts of nights that are gone.

    A stage that is needed again runs again.

    Parameters
    ----------
    root
        Of the store.
    moment
        Seconds since the epoch: what a night cached was written before its manifest. None for
        nothing.
    """
    if moment is None:
        return []
    folders = (root / "state" / "stages", root / "state" / "results")
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_mtime <= moment
    ]


def _nights(store: FeedStore) -> list[Store]:
    return [store.on(night) for night in store.published_nights()]


def _first_kept(nights: list[Store], keep: int) -> int:
    """Return the place of the first night that stays.

    It is the last that read anything where all after it are quiet: they show its documents.
    """
    first = max(0, len(nights) - keep)
    while first and not any(night.read_manifest().counts["read"] for night in nights[first:]):
        first -= 1
    return first


def _window_start(last: Store) -> date:
    window = timedelta(days=last.read_manifest().window_days)
    return last.night + timedelta(days=1) - window


def _files_of(night: Store) -> set[str]:
    """Return a night's files: those that its manifest names, and its report."""
    report = night.partition("reports").rglob("*")
    files = {_name(night.root, path) for path in report if path.is_file()}
    return files | {ref.path for ref in named_refs(night, night.read_manifest()).values()}


def _text_digests(night: Store) -> set[str]:
    """Return the digests of a night's texts."""
    documents = read_table(night, night.read_manifest().tables["documents"], [TEXT_DIGEST])
    return set(documents[TEXT_DIGEST].to_pylist())


def _passage_digests(night: Store) -> set[str]:
    """Return the digests of the passages in a night's window."""
    mentions = night.read_manifest().tables.get("mentions")
    return set() if mentions is None else passage_digests(night, mentions)


def _keep_known(night: Store) -> PrunedNight:
    """Write down which documents a night had."""
    tables = night.read_manifest().tables
    known = _keep_columns(night, tables["documents"], [DOC_ID, TEXT_DIGEST])
    withdrawn = tables.get("withdrawn")
    if withdrawn is None or not withdrawn.rows:
        return PrunedNight(night=night.night, known=known)
    gone = _keep_columns(night, withdrawn, [DOC_ID])
    return PrunedNight(night=night.night, known=known, withdrawn=gone)


def _keep_columns(night: Store, ref: Ref, columns: list[str]) -> Ref:
    require_file(night, ref)
    path = write_part(night.partition(KNOWN), read_table(night, ref, columns))
    return Ref(path=_name(night.root, path), sha256=sha256_of(path), rows=ref.rows)


def _unlist(nights: Iterable[Store], known: Iterable[PrunedNight]) -> None:
    """Record what nights had, then remove their manifests; oldest first."""
    for night, noted in zip(nights, known, strict=True):
        write_pruned(night, [*read_pruned(night), noted])
        forget_copies(night)
        _remove(night.root, night.manifest_path())


def _remove(root: Path, path: Path) -> None:
    """Remove a file, and the folders that are empty without it."""
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        remove_empty_folders(root, path.parent)


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
