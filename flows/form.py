"""The form of the Prefect UI: ten ordinary settings, and all others behind a switch.

Only the form is laid out so. The keys of TOML files and of deployments are those of the settings,
and what the form sends as `advanced` overrides them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from flows.laid_over import laid_over

Schema = dict[str, Any]

ADVANCED: Final = "advanced"

ORDINARY: Final = (
    "feed", "store", "night", "feed_name", "window_days", "encoder", "clustering.n_clusters",
    "clustering.estimator", "refit.every_nights", "check.max_refused_share",
)  # fmt: skip
"""The settings that most feeds need, in the order of the form."""

_EMPTY: Final = ("", None)
"""What the form sends for a field that nobody filled in."""

_UNDERLINED: Final = re.compile(r"\n\n(\w+)\n-{3,}\n")
_ENTRY: Final = re.compile(r"^(\w+(?:, \w+)*)\n((?: {4}.*(?:\n|$))+)", re.MULTILINE)
_REFERENCE: Final = re.compile(r"\s*See `[^`]+`\.")


def from_form(given: Any) -> Any:
    """Merge `advanced` of the form into the other settings; an empty field is not set.

    Parameters
    ----------
    given
        What is to be validated; anything but a mapping is left to the validation.
    """
    if not isinstance(given, Mapping) or ADVANCED not in given:
        return given
    ordinary = {key: value for key, value in given.items() if key != ADVANCED}
    advanced = given[ADVANCED]
    return laid_over(ordinary, advanced, _EMPTY) if isinstance(advanced, Mapping) else ordinary


def form_schema(schema: Schema, resolve: Callable[[Schema], Schema]) -> Schema:
    """Return the schema of the form.

    Parameters
    ----------
    schema
        JSON schema of all settings.
    resolve
        Returns the definition behind a reference.
    """
    whole = _plain(schema, resolve)
    top, rest = _part(whole, is_ordinary=True), _part(whole, is_ordinary=False)
    rest.pop("description", None)
    top["properties"][ADVANCED] = {
        "title": "All other settings",
        "description": "Settings that few feeds need; each default was measured.",
        "default": None,
        "anyOf": [
            {"title": "keep the defaults", "type": "null"},
            rest | {"title": "change some"},
        ],
    }
    order = {key.partition(".")[0]: place for place, key in reversed([*enumerate(ORDINARY)])}
    for name, value in top["properties"].items():
        value["position"] = order.get(name, len(ORDINARY))
    return top


def _plain(schema: Schema, resolve: Callable[[Schema], Schema]) -> Schema:
    """Return a schema without references, with descriptions in words, and without nulls."""
    found = schema
    if "$ref" in schema:
        found = resolve(schema) | {key: schema[key] for key in ("description",) if key in schema}
    found = _choosable({key: value for key, value in found.items() if key != "$ref"})
    if "$ref" in found.get("items", {}):
        return found | {"items": _plain(found["items"], resolve)}
    if "properties" not in found:
        return found
    summary, entries = _numpydoc(found.get("description", ""))
    properties = {
        name: {"description": entries.get(name, "")} | _plain(it, resolve) | {"title": _words(name)}
        for name, it in found["properties"].items()
    }
    found.pop("default", None)  # those of its fields say the same
    return found | {"description": summary, "properties": properties}


def _choosable(schema: Schema) -> Schema:
    """Name the kinds of a value, among which the UI has a switch.

    A text that may be null needs no switch: it is left empty. One text or several have one.
    """
    kinds: list[Schema] = schema.get("anyOf", [])
    others = [it for it in kinds if it.get("type") != "null"]
    if len(others) == len(kinds):
        named = [{"title": str(it.get("const", "a number"))} | it for it in kinds]
        return schema | ({"anyOf": named} if named else {})
    if [it.get("type") for it in others] == ["string", "array"]:
        named = [
            {"title": title} | it for title, it in zip(("one", "several"), others, strict=True)
        ]
        return schema | {"anyOf": named, "default": ""}
    if len(others) != 1 or others[0].get("type") != "string":
        return schema
    (text,) = others
    kept: Schema = {key: value for key, value in schema.items() if key != "anyOf"}
    words: Schema = {"enum": ["", *text["enum"]]} if "enum" in text else {}
    return kept | text | words | {"default": ""}


def _words(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _part(schema: Schema, is_ordinary: bool, above: str = "") -> Schema:
    """Return the ordinary fields, or all others; those of the other part stay allowed."""
    kept, left = {}, []
    for name, value in schema["properties"].items():
        key = f"{above}{name}"
        if "properties" in value:
            below = _part(value, is_ordinary, f"{key}.")
            if below["properties"]:
                kept[name] = below
                continue
        elif (key in ORDINARY) == is_ordinary:
            kept[name] = value
            continue
        left.append(name)
    required = [name for name in schema.get("required", []) if name in kept]
    part = {key: value for key, value in schema.items() if key != "required"}
    part |= {"properties": kept} | ({"required": required} if required else {})
    return part | {"patternProperties": _anything(left)} if is_ordinary else part


def _anything(names: Iterable[str]) -> Schema:
    return {f"^{re.escape(name)}$": {} for name in names}


def _numpydoc(text: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into its first paragraph and what it says of each attribute."""
    summary, *_ = text.split("\n\n", maxsplit=1)
    parts = _UNDERLINED.split(text)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    entries: dict[str, str] = {}
    for names, lines in _ENTRY.findall(sections.get("Attributes", "")):
        words = _REFERENCE.sub("", " ".join(lines.split()))
        entries |= dict.fromkeys(names.split(", "), words)
    return " ".join(summary.split()), entries
