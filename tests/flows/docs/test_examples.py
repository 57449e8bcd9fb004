"""The examples in the docstrings of what a notebook calls run, on the store that the pages have."""

import doctest
from pathlib import Path

import pytest

from flows import nightly
from tasks.reporting import night_view

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

CALLED = {
    "NightView.open": (night_view, night_view.NightView.open),
    "nightly": (nightly, nightly.nightly),
}


@pytest.mark.parametrize("name", CALLED)
def test_an_example_runs(name: str, desk: Path) -> None:
    module, called = CALLED[name]
    (example,) = doctest.DocTestFinder(recurse=False).find(called, name, module)
    assert example.examples
    said: list[str] = []
    failed, _ = doctest.DocTestRunner().run(example, out=said.append)
    assert not failed, "".join(said)
