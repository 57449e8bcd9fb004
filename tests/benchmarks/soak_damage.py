"""Damage to a store between two runs, of the kinds that can be put right.

A damaged manifest or summary is put right by running its night again.
"""

from datetime import date
from pathlib import Path
from random import Random

from tasks.operating.doctor.night import stage_copies
from tasks.store.listing import feeds_of, refs_of
from tasks.store.storage import Store


def damage(root: Path, rng: Random) -> str | None:
    """Damage one file of a store; say which and how, or give None where there is none yet."""
    kinds = {
        "cache record": sorted((root / "state" / "results").rglob("*-v*")),
        "stage file": sorted((root / "state" / "stages").glob("*/*")),
        "embeddings": sorted(root.glob("embeddings/*/part-*.parquet")),
        "published file": _published_with_copy(root),
        "manifest": sorted(root.glob("runs/feed=*/night=*/manifest.json")),
        "summary": sorted(root.glob("reports/feed=*/night=*/summary.md")),
    }
    present = [kind for kind, files in kinds.items() if files]
    if not present:
        return None
    kind = rng.choice(present)
    path = rng.choice(kinds[kind])
    return f"{kind} {_spoil(path, rng)}: {path.relative_to(root)}"


def _published_with_copy(root: Path) -> list[Path]:
    """List the published files of which the cache still has a copy."""
    found = []
    for feed in feeds_of(root):
        store = Store(root=root, feed=feed, night=date.min)
        for night in store.published_nights():
            refs = refs_of(store.read_manifest(night)).values()
            found += [store.resolve(ref) for ref in refs if any(stage_copies(store, ref))]
    return sorted(set(found))


def _spoil(path: Path, rng: Random) -> str:
    """Cut a file, flip bits in it, or remove it."""
    content = path.read_bytes()
    how = rng.choice(("cut", "flipped", "removed"))
    if how == "removed" or not content:
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[: rng.randrange(len(content))])
    else:
        place = rng.randrange(len(content))
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
    return how
