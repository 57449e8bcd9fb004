"""Settings in the environment: `NIGHTFOLD_WINDOW_DAYS`, `NIGHTFOLD_CLUSTERING__N_CLUSTERS`."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel
from pydantic_settings import EnvSettingsSource
from pydantic_settings.exceptions import SettingsError

from flows.prefect_home.environment import OWN_STORE
from flows.prefect_home.runtime import OWN_API
from flows.toml_file import ConfigError
from tasks.titling.settings import KEY_VARIABLE, URL_VARIABLE

_PREFIX: Final = "NIGHTFOLD_"
_BETWEEN: Final = "__"
"""Between a group and its key: names of settings have single underscores."""

_OTHERS: Final = frozenset({KEY_VARIABLE, URL_VARIABLE, OWN_API, OWN_STORE})
"""Variables that are named almost like settings, and are read elsewhere."""

_LIKE: Final = 0.85
"""How like a setting's name a variable must be to count as mistyped; others may be anybody's, such
as those with a secret that a configuration names."""


def read_variables(model: type[BaseModel], keys: Iterable[str]) -> dict[str, Any]:
    """Return the settings that the environment makes, as groups; an empty variable makes none.

    Lists are written as JSON.

    Parameters
    ----------
    model
        Of the settings.
    keys
        All of its keys, dotted.

    Raises
    ------
    ConfigError
        If one is no JSON where that is needed, or a variable is almost named like a setting.
    """
    _require_not_mistyped(model, keys)
    source = EnvSettingsSource(
        model,  # type: ignore[arg-type] # it asks for no more than the fields
        case_sensitive=False,
        env_prefix=_PREFIX,
        env_nested_delimiter=_BETWEEN,
        env_ignore_empty=True,
    )
    try:
        return source()
    except SettingsError as error:
        raise ConfigError(
            f"a variable {_PREFIX}… cannot be read: {error}; lists are written as JSON, for"
            """ instance '["a", "b"]'"""
        ) from error


def variable_of(key: str) -> str:
    """Return the variable that makes a setting."""
    return f"{_PREFIX}{key.replace('.', _BETWEEN).upper()}"


def ours(names: Iterable[str]) -> list[str]:
    """Return those variables that begin as settings do."""
    return sorted(it for it in names if it.upper().startswith(_PREFIX))


def _require_not_mistyped(model: type[BaseModel], keys: Iterable[str]) -> None:
    """Fail on a variable that misses a setting by a letter or an underscore, and would do nothing.

    An unknown key of a known group is seen by the validation.
    """
    known = [variable_of(key) for key in keys]
    groups = {variable_of(name) for name in model.model_fields}
    for name in ours(os.environ):
        group, _, _ = name.upper().removeprefix(_PREFIX).partition(_BETWEEN)
        if name in _OTHERS or f"{_PREFIX}{group}" in groups:
            continue
        close = get_close_matches(name.upper(), known, n=1, cutoff=_LIKE)
        # A list of tables has no keys: what begins with its name is not meant for it.
        if close and not name.upper().startswith(f"{close[0]}_"):
            raise ConfigError(f"{name} is not a setting; did you mean {close[0]}?")
