"""The form that the Prefect UI makes of a night's settings: short, described, and equal to the keys."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import validate

from flows.config import NightlyConfig, load_config
from flows.form import ADVANCED, ORDINARY
from flows.retention import RetentionConfig
from flows.toml_file import ConfigError

SAID = {"feed": "feed.jsonl", "store": "store"}
SCHEMA = NightlyConfig.model_json_schema()
CHANGED = SCHEMA["properties"][ADVANCED]["anyOf"][1]


def leaves(schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field that a person fills in, with its dotted key."""
    for name, value in schema["properties"].items():
        if name == ADVANCED:
            continue
        if "properties" in value:
            yield from leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for value in schema.get("properties", {}).values():
        yield value
        yield from nodes(value)
        for option in value.get("anyOf", []):
            yield from nodes(option)


def keys(model: Any, above: str = "") -> set[str]:
    """The dotted keys of the settings themselves."""
    found: set[str] = set()
    for name, value in model.items():
        # An empty mapping is a value: `http.headers_from`.
        is_group = isinstance(value, dict) and value
        found |= keys(value, f"{above}{name}.") if is_group else {f"{above}{name}"}
    return found


def test_ten_ordinary_fields_stand_at_the_top_in_order() -> None:
    shown = sorted(SCHEMA["properties"].items(), key=lambda item: item[1]["position"])
    top = [key for name, value in shown for key, _ in leaves({"properties": {name: value}})]
    assert len(top) == len(ORDINARY) == 10
    assert set(top) == set(ORDINARY)
    assert top[:6] == list(ORDINARY[:6])
    assert shown[-1][0] == ADVANCED
    assert SCHEMA["properties"][ADVANCED]["default"] is None
    assert SCHEMA["required"] == ["feed", "store"]


def test_every_key_is_in_the_form_once() -> None:
    settings = NightlyConfig(feed="f", store=Path("s")).model_dump(mode="json")
    shown = [key for part in (SCHEMA, CHANGED) for key, _ in leaves(part)]
    assert len(shown) == len(set(shown))
    assert set(shown) == keys(settings)


@pytest.mark.parametrize("schema", [SCHEMA, RetentionConfig.model_json_schema()])
def test_every_field_is_described_in_plain_words(schema: dict[str, Any]) -> None:
    for node in nodes(schema):
        assert node["description"], node
        # The UI reads Markdown: what stands in angle brackets is eaten, dashes make a heading.
        assert not re.search(r"[<>`\n]|---|Attributes|Raises|Parameters", node["description"]), node
        assert node["title"], node


def test_the_switch_to_all_others_is_the_only_one_that_offers_nothing() -> None:
    nothing = [it["title"] for it in nodes(SCHEMA) if {"type": "null"}.items() <= _null(it).items()]
    assert nothing == [SCHEMA["properties"][ADVANCED]["title"]]


def _null(node: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(
        (it for it in node.get("anyOf", []) if it.get("type") == "null"), {}
    )
    return found


def defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """What the form sends where nothing was changed but the switch."""
    return {
        name: defaults(value) if "properties" in value else value.get("default")
        for name, value in schema["properties"].items()
        if "properties" in value or "default" in value
    }


def test_the_form_as_it_comes_is_the_default_configuration() -> None:
    plain = NightlyConfig.model_validate(SAID)
    given = SAID | defaults(SCHEMA)
    assert given[ADVANCED] is None
    assert NightlyConfig.model_validate(given) == plain
    assert NightlyConfig.model_validate(given | {ADVANCED: defaults(CHANGED)}) == plain


def test_what_is_advanced_is_laid_over_the_rest() -> None:
    given = SAID | {
        "clustering": {"n_clusters": 4},
        ADVANCED: {"clustering": {"device": "cpu"}, "ingest": {"columns": {"text": "body"}}},
    }
    config = NightlyConfig.model_validate(given)
    assert (config.clustering.n_clusters, config.clustering.device) == (4, "cpu")
    assert config.ingest.columns.text == "body"


def test_an_unknown_key_in_the_form_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"check\.max_char is not a configuration key"):
        load_config(None, SAID | {ADVANCED: {"check": {"max_char": 3}}})


@pytest.mark.parametrize(
    ("config", "is_valid"),
    [
        ({"identity": {"min_shared": 3}, "refit": {"max_new_share": 0.5}}, True),
        ({ADVANCED: {"identity": {"min_shared": 3}}}, True),
        ({ADVANCED: None}, True),
        ({"clustering": {"n_clusters": 12, "pretraining": None}}, True),
        ({"clustering": {"n_cluster": 12}}, False),
        ({"window_day": 3}, False),
        ({"window_days": 0}, False),
        ({ADVANCED: {"identity": {"min_share": 3}}}, False),
    ],
)
def test_the_server_accepts_the_keys_of_the_settings_and_no_others(
    config: dict[str, Any], is_valid: bool
) -> None:
    from flows.nightly import nightly

    schema = parameter_schema(nightly.fn).model_dump()
    errors = validate({"config": SAID | config}, schema)
    assert (errors == []) == is_valid, errors
