"""The keys of a configuration: what they are called, and what is said of one that is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from flows.laid_over import valued
from flows.variables import variable_of
from tasks.boundary.secret_urls import mask_secrets

_UNKNOWN: Final = ("extra_forbidden", "unexpected_keyword_argument")
"""What pydantic calls an unknown key, in a model and in a dataclass."""


def explained(
    error: ValidationError, model: Any, file: Path | None, variables: Mapping[str, Any]
) -> str:
    """Return the first mistake as a sentence.

    Parameters
    ----------
    error
        Of the settings.
    model
        Of the settings.
    file
        That was read, if any.
    variables
        What the environment says.
    """
    first = error.errors()[0]
    key = key_of(first, model)
    where = _where(key, file, variables)
    if first["type"] in _UNKNOWN:
        return f"{key}{where} is not a configuration key; {suggestion(key, model)}"
    if first["type"] == "missing":
        return f"{key} is missing; set it on the command line or in the config file"
    if first["type"] == "value_error":
        # The messages of our own rules name the value already.
        return f"{key}{where}: {first['msg'].removeprefix('Value error, ')}"
    # A value of several kinds breaks the rule of each.
    rules = [it["msg"].partition(",")[0] for it in error.errors() if key_of(it, model) == key]
    rule = " or ".join(dict.fromkeys(it.removeprefix("Input should be ") for it in rules))
    return f"{key}{where} must be {rule}, got {mask_secrets(repr(first['input']))}"


def _where(key: str, file: Path | None, variables: Mapping[str, Any]) -> str:
    try:
        valued(variables, key)
    except KeyError:
        return f" in {file}" if file else ""
    return f" in {variable_of(key)}"


def key_of(error: ErrorDetails, model: Any) -> str:
    """Return the dotted key: kinds of a value, which pydantic lists below it, are no keys.

    Nor are numbers of a list.
    """
    parts: list[str] = []
    for part in map(str, error["loc"]):
        if part.isdigit():
            (model, *_) = get_args(model) or (None,)
            continue
        known = fields_of(model)
        if not known:
            break
        parts.append(part)
        model = known.get(part)
    return ".".join(parts)


def suggestion(key: str, model: Any) -> str:
    """Return the known key with this name in another group, or one like it, here or elsewhere."""
    folder, _, last = key.rpartition(".")
    known = list(keys_of(model))
    same = [it for it in known if it.rpartition(".")[2] == last]
    here = [it for it in known if it.rpartition(".")[0] == folder]
    by_name = {it.rpartition(".")[2]: it for it in known}
    elsewhere = [by_name[it] for it in get_close_matches(last, by_name, n=1, cutoff=0.8)]
    likely = same or get_close_matches(key, here, n=1) or elsewhere
    return f"did you mean {likely[0]}?" if likely else "docs/settings.md lists them"


def keys_of(model: Any, above: str = "") -> Iterator[str]:
    """List the dotted keys of a group of settings and of those in it."""
    for name, kind in fields_of(model).items():
        yield f"{above}{name}"
        yield from keys_of(kind, f"{above}{name}.")


def single_keys(model: Any) -> list[str]:
    """List the dotted keys of single values, without those of groups."""
    keys = list(keys_of(model))
    return [key for key in keys if not any(it.startswith(f"{key}.") for it in keys)]


def fields_of(model: Any) -> dict[str, Any]:
    """Return the type of each field of a group of settings; none of a single value."""
    if is_dataclass(model):
        return {field.name: field.type for field in fields(model)}
    of_model: Mapping[str, FieldInfo] = getattr(model, "model_fields", {})
    return {name: field.annotation for name, field in of_model.items()}
