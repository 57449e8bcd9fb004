"""Read `curation.toml`: the rules of one feed, or an error in a sentence."""

import hashlib
import logging
import tomllib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.boundary.counted import counted
from tasks.curating.rules import Curation
from tasks.store.storage import FeedStore
from validation.errors import BAD_USAGE, NightfoldError

logger = logging.getLogger(__name__)

CURATION: Final = "curation.toml"
"""The name of the file in a store."""


class CurationError(NightfoldError, ValueError):
    """A curation that cannot be applied; the message names file, rule and value."""

    exit_code = BAD_USAGE


class TonightsCuration(BaseModel):
    """The rules that are applied tonight, and the file that they come from."""

    model_config = ConfigDict(frozen=True)

    digest: str = ""
    """SHA-256 of the file; empty where there is none."""
    rules: Curation = Curation()


def read_curation(store: FeedStore, given: Path | None) -> TonightsCuration:
    """Read the rules of a feed.

    Parameters
    ----------
    store
        Whose `curation.toml` is read; it need not have one.
    given
        Another file in its place, which must be there.

    Raises
    ------
    CurationError
        If the file cannot be read, or its rules cannot all hold.
    """
    path = given or store.root / CURATION
    if given is None and not path.exists():
        return TonightsCuration()
    content = _content(path)
    every = parse_curation(content, path)
    own = every.of_feed(store.feed)
    if n_others := len(every.rules()) - len(own.rules()):
        logger.info("%s has %s of other feeds", path, counted(n_others, "rule"))
    return TonightsCuration(digest=hashlib.sha256(content).hexdigest(), rules=own)


def parse_curation(content: bytes, path: Path) -> Curation:
    """Make rules of a file's bytes; see `read_curation`.

    Parameters
    ----------
    content
        Of the file.
    path
        Named in messages.
    """
    try:
        return Curation.model_validate(tomllib.loads(content.decode("utf-8-sig")))
    except ValidationError as error:
        raise CurationError(f"{path}: {explained(error)}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CurationError(f"{path} must be a readable TOML file, but {error}") from error


def explained(error: ValidationError) -> str:
    """Return the first mistake of some rules as a sentence."""
    first = error.errors()[0]
    kind, *rest = first["loc"] or ("",)
    number = next((it + 1 for it in rest if isinstance(it, int)), None)
    key = ".".join(str(it) for it in (kind, *rest[1:]) if isinstance(it, str))
    where = f"{key} of [[{kind}]] number {number}" if number else key
    said = first["msg"].removeprefix("Value error, ")
    match first["type"]:
        case "value_error":
            return f"{where} {said}".strip()
        case "extra_forbidden":
            known = ", ".join(Curation.model_fields)
            return f"{where} is not known" + ("" if number else f"; tables are {known}")
        case "missing":
            return f"{where} is missing"
        case "tuple_type" if not rest:
            return f"{where} must be written as [[{where}]], one a rule"
    rule = said.removeprefix("Input should be ")
    return f"{where} must be {rule}, got {first['input']!r:.60}"


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CurationError(
            f"{path} must be a file with rules of curation, but {error.strerror}"
        ) from error
