"""What holds for all tests: one thread for every library, and no clock."""

import os

from hypothesis import HealthCheck, settings

# Networks this small are several times slower on two threads where the cores are shared. It has to
# be set before torch is imported, and holds in the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# On a busy machine an example takes as long as it takes.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")
