"""Errors as sentences: only our own explain themselves, whatever built-in type they share."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.explain import exit_code_of, explain, sentence_of
from flows.toml_file import ConfigError
from tasks.reading.sources.errors import FeedError, FeedMissingError
from validation.errors import BAD_USAGE, FAILED, NightfoldError

ROOT = Path(__file__).parents[2]


CAUGHT = {
    "ConditionFailedError", "ForeignFileError", "NestedCellError", "NoConditionsError",
    "NoTitleError", "NotAsWrittenError", "UnfitFileError", "UnfitImageError", "UnfitSeriesError",
    "_JsonError",
}  # fmt: skip
"""Half a sentence: it is caught where the name of the file or the row is known."""


def own_errors() -> list[type[BaseException]]:
    """Every exception class that our modules define."""
    found = []
    for layer in ("flows", "tasks", "models", "validation"):
        for path in sorted((ROOT / layer).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            members: dict[str, Any] = vars(import_module(name))
            found += [
                it
                for it in members.values()
                if isinstance(it, type) and issubclass(it, BaseException) and it.__module__ == name
            ]
    return found


def test_every_error_of_ours_explains_itself() -> None:
    errors = own_errors()
    assert len(errors) > 10
    assert {it.__name__ for it in errors if not issubclass(it, NightfoldError)} == CAUGHT


def test_an_error_of_a_library_is_named_by_its_type() -> None:
    with pytest.raises(ValueError, match="broadcast") as failed:
        np.ones(2) + np.ones(3)
    assert sentence_of(failed.value) is None
    assert explain(failed.value).startswith("ValueError: operands could not be broadcast")
    assert explain(failed.value).endswith("; --debug shows where")


def test_an_error_without_a_message_is_named_without_a_colon() -> None:
    assert explain(AssertionError()) == "AssertionError; --debug shows where"


def test_an_error_of_ours_is_its_sentence() -> None:
    assert explain(FeedError("feed must be one path")) == "feed must be one path"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), BAD_USAGE),
        (FeedMissingError("x"), BAD_USAGE),
        (FeedError("x"), FAILED),
        (ValueError("x"), FAILED),
    ],
)
def test_the_class_of_an_error_decides_the_exit_code(error: Exception, code: int) -> None:
    assert exit_code_of(error) == code
