"""Several feeds in one configuration file: `[[feeds]]`, each with its name and what it changes.

What stands outside of them holds for all; a feed's own keys override it, group by group.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from flows.laid_over import laid_over
from flows.toml_file import ConfigError, read_toml

_FEEDS: Final = "feeds"
_NAME: Final = "name"

_OF_ALL: Final = ("store", "night")
"""Keys that all feeds of a file share: they are run in turn, on one store."""


def feed_names(file: Path | None) -> list[str]:
    """Return the names of the feeds of a file, in its order; none where it has one feed only.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a feed has no name, or the name of another.
    """
    return [entry[_NAME] for entry in _entries(read_toml(file), file)] if file else []


def settings_in(file: Path | None, feed_name: str | None) -> dict[str, Any]:
    """Return the settings of one feed of a file.

    Parameters
    ----------
    file
        None for no settings.
    feed_name
        Which feed. Where the file has only one, it may have any name.

    Raises
    ------
    ConfigError
        If the file cannot be read, or it has several feeds and none of this name.
    """
    if file is None:
        return {}
    values = read_toml(file)
    entries = _entries(values, file)
    if not entries:
        return values
    names = ", ".join(entry[_NAME] for entry in entries)
    chosen = [entry for entry in entries if entry[_NAME] == feed_name]
    if not chosen:
        which = f"none is named {feed_name!r}" if feed_name else "name one with --feed-name"
        raise ConfigError(f"{file} has the feeds {names}; {which}")
    own = {key: value for key, value in chosen[0].items() if key != _NAME}
    shared = {key: value for key, value in values.items() if key != _FEEDS}
    return laid_over(shared, own) | {"feed_name": feed_name}


def _entries(values: Mapping[str, Any], file: Path | None) -> list[dict[str, Any]]:
    """Return the feeds of a file after a look at their names."""
    entries = values.get(_FEEDS, [])
    if not (isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)):
        raise ConfigError(f"{_FEEDS} in {file} must be written as [[{_FEEDS}]], one a feed")
    for outside in ("feed", "feed_name"):
        if entries and outside in values:
            raise ConfigError(f"{outside} in {file} must stand in one of [[{_FEEDS}]]")
    names: list[object] = []
    for number, entry in enumerate(entries, start=1):
        name = entry.get(_NAME)
        if not isinstance(name, str) or name in names:
            raise ConfigError(
                f"{_FEEDS}.{_NAME} in {file} must be a name of its own in each [[{_FEEDS}]],"
                f" got {name!r} in number {number}"
            )
        for key in (*_OF_ALL, "feed_name"):
            if key in entry:
                raise ConfigError(
                    f"{_FEEDS}.{key} in {file} must not stand in [[{_FEEDS}]], but in {name!r} it"
                    " does; all feeds of a file share store and night, and `name` names them"
                )
        names.append(name)
    return entries
