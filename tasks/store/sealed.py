"""JSON objects that are trusted: each bears the digest of its content, checked whenever it is read.

A flipped bit can leave valid JSON behind, and a manifest decides which files count.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tasks.store.files import write_atomically

DIGEST: Final = "digest"
"""The key of the SHA-256 of the canonical JSON of all the rest."""

_LINE: Final = f'\n  "{DIGEST}": '.encode()
"""How the line of the digest begins; a deeper one is further to the right."""

SEALED_SINCE: Final = 3
"""The format version from which on an object without a digest is damaged. Every later version keeps
this key and this rule, so that a flipped version digit is never taken for a newer nightfold."""


class NotAsWrittenError(ValueError):
    """Content that is not what was written; the message goes on after the file's name."""


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Write an object, with its `format_version`, and its digest."""
    write_atomically(path, seal(content))


def seal(content: Mapping[str, Any]) -> bytes:
    """Spell an object together with its digest."""
    # Keys that are numbers become strings, which are sorted in another order.
    return _with_digest(json.loads(canonical_json(content)))


def unseal(content: bytes) -> dict[str, Any]:
    """Parse an object and check its digest, which is taken off.

    Objects of versions before `SEALED_SINCE` may lack one; one that is there is always checked.

    Raises
    ------
    NotAsWrittenError
        If the content is no JSON object, or differs in any bit from what was written.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotAsWrittenError(f"must be a JSON object, but {error}") from error
    if not isinstance(value, dict):
        raise NotAsWrittenError(f"must be a JSON object, got {value!r:.60}")
    is_sealed = DIGEST in value
    digest = value.pop(DIGEST, None)
    if is_sealed and hashlib.sha256(_without_digest(content)).hexdigest() != digest:
        raise NotAsWrittenError("is not what was written: its digest does not fit its content")
    version = value.get("format_version")
    if not is_sealed and isinstance(version, int) and version >= SEALED_SINCE:
        raise NotAsWrittenError(f"must have a {DIGEST!r} from format version {SEALED_SINCE} on")
    return value


def _without_digest(content: bytes) -> bytes:
    """Return the bytes that were hashed: all but the line of the digest.

    To spell the object anew takes four times as long as all else that reading it takes, and a run
    reads the manifest of every night.
    """
    before, _, rest = content.partition(_LINE)
    after = rest.partition(b"\n")[2]
    # The comma of the line before goes with a digest that comes last.
    return (before.removesuffix(b",") if after == b"}\n" else before) + b"\n" + after


def _with_digest(plain: dict[str, Any]) -> bytes:
    """Spell an object that came from JSON together with its digest."""
    digest = hashlib.sha256(canonical_json(plain)).hexdigest()
    return canonical_json(plain | {DIGEST: digest})


def canonical_json(value: Any) -> bytes:
    """Spell a JSON value the same way every time."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2, default=str)
    return (text + "\n").encode()
