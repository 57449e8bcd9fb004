"""Words of scripts that put no spaces between them."""

import re
from collections.abc import Iterator
from typing import Final

HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
"""Ideographs, of Chinese and Japanese: between their words there are no spaces."""


def segmented(run: str) -> Iterator[str]:
    """Cut a run of characters that has ideographs in it into words."""
    import rjieba

    yield from rjieba.cut(run)


def with_spaces(text: str) -> str:
    """Put spaces around the words of every run of ideographs; other text stays as it is."""
    return HAN.sub(lambda run: f" {' '.join(segmented(run.group()))} ", text)
