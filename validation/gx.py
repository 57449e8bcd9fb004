"""Great Expectations without the databases and clouds that it could ask: frames are all it judges.

Whoever needs it takes it from here.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = [
    "BatchDefinition",
    "ColumnMapExpectation",
    "Expectation",
    "ExpectationConfiguration",
    "ExpectationValidationResult",
    "ProgressBarsConfig",
    "gx",
    "gxe",
]

_NEVER_ASKED: Final = ("sqlalchemy", "botocore", "boto3", "pyspark")
"""It imports what it finds of these, and does without what it does not find. A third of the time to
load it goes into them, where Prefect has brought SQLAlchemy and s3fs botocore."""


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """Let imports of some packages fail, but for those that are there already."""
    # None makes an import of this name fail.
    modules: dict[str, Any] = sys.modules
    hidden = [name for name in names if modules.setdefault(name, None) is None]
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


with _without(_NEVER_ASKED):
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.expectation import ColumnMapExpectation, Expectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
