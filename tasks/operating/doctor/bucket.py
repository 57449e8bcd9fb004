"""Examine a store wherever it is: its folder, and every object of its bucket, if it is on one."""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tasks.operating.doctor.examine import examine, repair_all
from tasks.operating.doctor.finding import Finding, repair
from tasks.store.bucket.claim import Claim, Held
from tasks.store.bucket.contents import (
    at_once,
    contents_listed,
    fetch_contents,
    is_as_named,
    vector_digest,
)
from tasks.store.bucket.layout import changing_files, vector_files
from tasks.store.files import sha256_of

_RULE: Final = "bucket"

_ELSEWHERE: Final = "--repair on the machine that has published it, whose working copy has it"


def examine_everywhere(claim: Claim, repairs: bool) -> tuple[list[Finding], list[Finding]]:
    """Examine a store, and repair what can be.

    Parameters
    ----------
    claim
        On the store.
    repairs
        Whether anything is repaired.

    Returns
    -------
    What was repaired, and what is left.
    """
    held = claim.bucket
    if not repairs:
        left = examine(claim.root)
        return [], left + (list(examine_objects(claim.root, held)) if held else [])
    fetched = _fetch_damaged(claim.root, held) if held else []
    repaired, left = repair_all(claim.root)
    if held is None:
        return repaired, left
    if not left:
        claim.send()  # what is only not sent yet is no damage
    found = list(examine_objects(claim.root, held))
    mended = [it for it in found if it.is_repairable]
    for finding in mended:
        repair(claim.root, finding)
    # A list that is damaged may name what would be deleted.
    claim.send(sweeps=not left)
    return [*fetched, *repaired, *mended], [*left, *(it for it in found if it not in mended)]


def examine_objects(root: Path, held: Held) -> Iterator[Finding]:
    """Find objects that are gone, or are not what the working copy and the manifests say.

    Parameters
    ----------
    root
        Of the working copy.
    held
        Its bucket.
    """
    changing = {name: sha256_of(root / name) for name in changing_files(root)}
    vectors = {name: vector_digest(name) for name in vector_files(root)}
    wanted = {**contents_listed(root), **vectors, **changing}
    with TemporaryDirectory(dir=root / "state") as scratch:
        there = {name: digest for name, digest in wanted.items() if name in held.there}
        damaged = set(at_once(partial(_damaged, held, Path(scratch)), there.items()))
    for name, digest in wanted.items():
        if name in damaged or name not in held.there:
            problem = "its object is damaged" if name in damaged else "its object is not there"
            mend = partial(_send_again, root, held, name, name in changing)
            is_whole = is_as_named(root / name, digest)
            yield Finding(
                name,
                _RULE,
                problem,
                remedy="" if is_whole else _ELSEWHERE,
                mend=mend if is_whole else None,
                deed="sends it",
            )


def _damaged(held: Held, scratch: Path, item: tuple[str, str]) -> str | None:
    """Fetch an object, and return its name if its content is not what it should be."""
    name, digest = item
    path = scratch / hashlib.sha256(name.encode()).hexdigest()
    try:
        return None if held.objects.get_file(name, path) and is_as_named(path, digest) else name
    finally:
        path.unlink(missing_ok=True)


def _send_again(root: Path, held: Held, name: str, is_changing: bool) -> None:
    held.require_lease()
    if not is_changing:
        held.objects.put_file(name, root / name)
        return
    there = held.there.get(name)
    held.objects.put(name, (root / name).read_bytes(), there.etag if there else None)


def _fetch_damaged(root: Path, held: Held) -> list[Finding]:
    """Fetch again what is damaged in the working copy."""
    vectors = {name: vector_digest(name) for name in vector_files(root)}
    wanted = {**contents_listed(root), **vectors}
    bad = {
        name: digest
        for name, digest in wanted.items()
        if name in held.there and not is_as_named(root / name, digest)
    }
    fetch_contents(root, held.objects, bad)
    return [
        Finding(name, _RULE, "the working copy of it was damaged, and was fetched again")
        for name, digest in bad.items()
        if is_as_named(root / name, digest)
    ]
