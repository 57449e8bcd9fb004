"""Settings laid over others, group by group."""

from collections.abc import Collection, Mapping
from typing import Any


def laid_over(
    settings: Mapping[str, Any], own: Mapping[str, Any], not_set: Collection[Any] = ()
) -> dict[str, Any]:
    """Return settings with those that override them; a group keeps what is not overridden.

    Parameters
    ----------
    settings
        What holds where nothing overrides it.
    own
        What overrides it.
    not_set
        Values of `own` that stand for a setting that is not made.
    """
    merged = dict(settings)
    for key, value in own.items():
        if isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = laid_over(below if isinstance(below, Mapping) else {}, value, not_set)
        elif value not in not_set:
            merged[key] = value
    return merged


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings by dotted keys as groups of settings."""
    values: dict[str, Any] = {}
    for key, value in settings.items():
        *folders, last = key.split(".")
        group = values
        for folder in folders:
            group = group.setdefault(folder, {})
        group[last] = value
    return values


def valued(settings: Mapping[str, Any], key: str) -> Any:
    """Return the value of a dotted key.

    Raises
    ------
    KeyError
        If it is not set.
    """
    group: Any = settings
    for part in key.split("."):
        if not isinstance(group, Mapping):
            raise KeyError(key)
        group = group[part]
    return group
