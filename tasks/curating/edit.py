"""Change `curation.toml` as a command says: comments stay, a mistake leaves the file as it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tomlkit

from tasks.curating.file import CurationError, parse_curation
from tasks.curating.rules import DEFAULT_FEED, Rule
from tasks.store.files import write_atomically
from tasks.store.lock import folder_lock

_BEFORE: Final = ".before"
"""The ending of the file that the last change has replaced, behind its own."""

_SAME: Final = {"pin": "cluster", "category": "name"}
"""Kind → what tells a rule that is changed from one that is added."""

_FIRST_LINES: Final = (
    "# What a person has decided about clusters; docs/curation.md has the rules.\n\n"
)


def change(path: Path, kind: str, rule: Mapping[str, Any]) -> Rule:
    """Add a rule to a file, or change the one that says it of the same cluster or heading.

    The file is replaced as a whole, so a night that begins meanwhile reads the old one or the new.
    A second change waits for the first.

    Parameters
    ----------
    path
        Of the file, which need not be there.
    kind
        The name of the rule's table.
    rule
        Its keys.

    Returns
    -------
    The rule as it is in the file.

    Raises
    ------
    CurationError
        If the rules could not all hold; the file stays as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with folder_lock(path.parent):
        before = path.read_bytes() if path.exists() else _FIRST_LINES.encode()
        parse_curation(before, path)
        text, place = _edited(before.decode("utf-8-sig"), kind, rule)
        rules = parse_curation(text.encode(), path)
        write_atomically(_kept(path), before)
        write_atomically(path, text.encode())
    changed: Rule = getattr(rules, kind)[place]
    return changed


def undo(path: Path) -> None:
    """Put back the file as it was before the last change; a second time undoes that.

    Raises
    ------
    CurationError
        If nothing has been changed.
    """
    kept = _kept(path)
    if not (kept.exists() and path.exists()):
        raise CurationError(f"{path} has not been changed by `nightfold curate`: nothing to undo")
    with folder_lock(path.parent):
        before, after = kept.read_bytes(), path.read_bytes()
        parse_curation(before, kept)
        write_atomically(kept, after)
        write_atomically(path, before)


def _edited(text: str, kind: str, rule: Mapping[str, Any]) -> tuple[str, int]:
    """Return a file with a rule in it, and which of its kind that is."""
    document = tomlkit.parse(text)
    if kind not in document:
        document.append(kind, tomlkit.aot())
    rules: Any = document[kind]
    for place, there in enumerate(rules):
        if _is_same(kind, there, rule):
            _lay_over(there, rule)
            return tomlkit.dumps(document), place
    table = tomlkit.table()
    for key, value in rule.items():
        table.add(key, value)
    table.add(tomlkit.nl())
    rules.append(table)
    return tomlkit.dumps(document), len(rules) - 1


def _is_same(kind: str, there: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    key, feeds = _SAME.get(kind), [it.get("feed", DEFAULT_FEED) for it in (there, rule)]
    return key is not None and there[key] == rule[key] and feeds[0] == feeds[1]


def _lay_over(there: Any, rule: Mapping[str, Any]) -> None:
    """Set what a rule says anew; clusters are added to those that it has."""
    for key, value in rule.items():
        if key == "clusters":
            for cluster in value:
                if cluster not in there[key]:
                    there[key].append(cluster)
        else:
            there[key] = value


def _kept(path: Path) -> Path:
    return path.with_name(path.name + _BEFORE)
