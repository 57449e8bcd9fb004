"""Let go of what stages have left, once a night is published.

Removes files of state/stages/ that only the cache records of earlier nights name, those records,
and tonight's models, but for its encoder: they lie where they are published, and `Store.resolve`
finds them there.
What stays: all else of tonight and of the last night, so that each can be run again from its cache,
and the copies of every night's published tables, from which the doctor repairs them.
"""

import logging
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from tasks.store.paths import STAGES
from tasks.store.records import UNREADABLE, read_record, records_folder, refs_in_result
from tasks.store.refs import digest_in_name
from tasks.store.storage import Store

logger = logging.getLogger(__name__)

_LEARNT: Final = "encoder"
"""A model that keeps its copy in state/: to learn an encoder again takes longer than all else."""


def release_earlier(store: Store) -> int:
    """Remove the stage files of the feed's earlier nights; for the holder of the run lock.

    Cut short at any point, it leaves records that name files which are gone, and those count for
    none.

    Returns
    -------
    How many files went.
    """
    nights = store.published_nights()
    earlier = [store.on(it) for it in nights[:-1] if it < store.night]
    released = [it for it in earlier if records_folder(it).is_dir()]
    if not released:
        return 0
    folders = [records_folder(it) for it in released]
    others = set((store.state / "results").glob("feed=*/night=*")) - set(folders)
    copies = {ref.sha256 for it in released for ref in it.read_manifest().tables.values()}
    kept = {digest_in_name(digest) for digest in copies}
    freed = _stage_files(folders) - _stage_files(others)
    freed = {file for file in freed if Path(file).stem not in kept}
    for file in freed:
        (store.root / file).unlink(missing_ok=True)
    for folder in folders:
        shutil.rmtree(folder)
    logger.info("%d stage files of earlier nights removed", len(freed))
    return len(freed)


def release_models(store: Store) -> int:
    """Remove the stage files that a published night has as its models; for the holder of the lock.

    Returns
    -------
    How many files went.
    """
    models = store.read_manifest().models.items()
    refs = [ref for name, files in models if name != _LEARNT for ref in files.values()]
    published = {digest_in_name(ref.sha256) for ref in refs}
    folder = records_folder(store)
    others = set((store.state / "results").glob("feed=*/night=*")) - {folder}
    copies = {file for file in _stage_files([folder]) if Path(file).stem in published}
    there = {file for file in copies if (store.root / file).exists()}
    if not there:  # as on a night that is published again: no record of others need be read
        return 0
    freed = there - _stage_files(others)
    for file in freed:
        (store.root / file).unlink()
    return len(freed)


def _stage_files(folders: Iterable[Path]) -> set[str]:
    """Return the stage files that the cache records in some folders name."""
    found: set[str] = set()
    for path in (path for folder in folders for path in folder.iterdir()):
        # What is no record names no file: Prefect keeps the errors of failed runs there.
        with suppress(*UNREADABLE):
            found |= {ref.path for ref in refs_in_result(read_record(path))}
    # Records name published models, too.
    return {file for file in found if file.startswith(STAGES)}
