"""What holds for all tests: one thread for every library, and no clock."""

import gc
import os

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


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of every later search for garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Give back what is loaded: a library that counts its objects at the end would miss some."""
    gc.unfreeze()
