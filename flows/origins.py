"""Every setting with where it comes from: a default, the file, the environment or an option."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flows.config import NightlyConfig, load_config
from flows.config_keys import keys_of, single_keys
from flows.feeds import feed_names, settings_in
from flows.laid_over import nested, valued
from flows.variables import read_variables, variable_of

_NEEDED: Final = ("feed", "store")
"""Settings without a default: a configuration is worth a look before it has them."""

_HEADER: Final = re.compile(r"^\s*(\[\[?)\s*([\w.\"'-]+)\s*\]")
_KEY: Final = re.compile(r"^\s*([\w.\"'-]+)\s*=")


@dataclass(frozen=True)
class Setting:
    """A setting, its value as JSON has it, and where it comes from.

    Parameters
    ----------
    source
        default, file, environment, option; none where it is not set and has no default.
    where
        File and line, or the variable; empty for a default and an option.
    """

    key: str
    value: Any
    source: str
    where: str


def settings_with_origins(file: Path | None, options: dict[str, Any]) -> list[Setting]:
    """Return all settings of a night as they would hold, each with where it comes from.

    Parameters
    ----------
    file, options
        See `flows.config.load_config`, also for errors.
    """
    given = {key: value for key, value in options.items() if value is not None}
    variables = read_variables(NightlyConfig, keys_of(NightlyConfig))
    feed_name = given.get("feed_name") or variables.get("feed_name")
    in_file = settings_in(file, feed_name)
    layers = {"option": nested(given), "environment": variables, "file": in_file}
    missing = [key for key in _NEEDED if not any(key in it for it in layers.values())]
    config = load_config(file, given | {key: f"any-{key}" for key in missing})
    values, lines = config.model_dump(mode="json"), _lines_in(file, feed_name)
    return [
        Setting(key, None, "none", "")
        if key in missing
        else Setting(key, valued(values, key), *_origin(key, layers, file, lines))
        for key in single_keys(NightlyConfig)
    ]


def _origin(
    key: str, layers: Mapping[str, Mapping[str, Any]], file: Path | None, lines: Mapping[str, int]
) -> tuple[str, str]:
    for source, settings in layers.items():
        try:
            valued(settings, key)
        except KeyError:
            continue
        if source == "environment":
            return source, variable_of(key)
        line = f":{lines[key]}" if key in lines else ""
        return source, f"{file}{line}" if source == "file" else ""
    return "default", ""


def _lines_in(file: Path | None, feed_name: str | None) -> dict[str, int]:
    """Return the line of each key of a file; of several feeds, of the chosen one."""
    if file is None:
        return {}
    lines = key_lines(file.read_text(encoding="utf-8"))
    names = feed_names(file)
    if feed_name not in names:
        return lines
    above = f"feeds.{names.index(feed_name)}."
    own = {key.removeprefix(above): it for key, it in lines.items() if key.startswith(above)}
    return lines | own | ({"feed_name": own["name"]} if "name" in own else {})


def key_lines(text: str) -> dict[str, int]:
    """Return the first line of each dotted key of a TOML file that is known to be sound.

    Tables of a list have their number in the key: `feeds.0.name`. A key on a line inside a text of
    several lines is listed too, so ask only for keys that are set.
    """
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    above = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            name = _plain(header[2])
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                found.setdefault(name, number)
            first, _, rest = name.partition(".")
            in_list = f"{first}.{counts[first]}" if first in counts else first
            above = f"{in_list}.{rest}." if rest else f"{in_list}."
        elif key := _KEY.match(line):
            found.setdefault(above + _plain(key[1]), number)
    return found


def _plain(name: str) -> str:
    return name.replace('"', "").replace("'", "")
