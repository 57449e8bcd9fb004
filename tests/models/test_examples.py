"""The examples in the docstrings of the estimators run, and each estimator has one."""

import doctest
from importlib import import_module

import pytest

from tasks.clusters.estimators import REGISTRY

CLASSES = sorted({(it.module, it.name) for it in REGISTRY.values()})


@pytest.mark.parametrize(("module", "name"), CLASSES, ids=[name for _, name in CLASSES])
def test_an_estimator_has_an_example_that_runs(module: str, name: str) -> None:
    found = import_module(module)
    (example,) = doctest.DocTestFinder(recurse=False).find(getattr(found, name), name, found)
    assert example.examples
    said: list[str] = []
    failed, _ = doctest.DocTestRunner().run(example, out=said.append)
    assert not failed, "".join(said)
