"""A configuration file, read before its settings are known: TOML, or an error in a sentence."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.boundary.secret_urls import mask_secrets
from validation.errors import BAD_USAGE, NightfoldError


class ConfigError(NightfoldError, ValueError):
    """A configuration that cannot be used; the message names the key, the rule and the value."""

    exit_code = BAD_USAGE


def read_toml(file: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    ConfigError
        If it cannot be read.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"the configuration file {file} is not there") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} must be a readable TOML file, but {error}") from error


def stated(key: str, given: str | None, settings: Mapping[str, Any], file: Path | None) -> str:
    """Return what the command line says, or else the settings.

    Parameters
    ----------
    key
        At the top of the settings.
    given
        On the command line, if it is.
    settings
        Those of the file.
    file
        The configuration file, if there is one.

    Raises
    ------
    ConfigError
        If neither says it, or the settings do not say it as a text.
    """
    found = given if given is not None else settings.get(key)
    if found is None:
        raise ConfigError(f"{key} is missing; set it on the command line or in the config file")
    if not isinstance(found, str):
        raise ConfigError(
            f"{key} in {file} must be a valid string, got {mask_secrets(repr(found))}"
        )
    return found
