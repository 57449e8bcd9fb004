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
