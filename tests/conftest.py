"""What holds for all tests: one thread for every library, and no clock."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.garbage import look_for_garbage_seldom

# Networks this small are several times slower on two threads where the cores are shared. It has to
# be set before torch is imported, and holds in the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# On a busy machine an example takes as long as it takes.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")

look_for_garbage_seldom()


@pytest.fixture(scope="session", autouse=True)
def _cache_of_a_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A user's cache that all workers of a session share, and no test of another one."""
    base = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str((base.parent if is_worker else base) / "cache"))
        yield


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of every later search for garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Give back what is loaded: a library that counts its objects at the end would miss some."""
    gc.unfreeze()
