"""One thread for every library, also in the processes that tests start."""

import os

# Networks this small are several times slower on two threads where the cores are shared. It has to
# be set before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
