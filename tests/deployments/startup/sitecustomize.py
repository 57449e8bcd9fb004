"""What every Python process of the tests' site does first: look for garbage seldom.

The site consists of a dozen short processes, and each would spend a fifth of the time in which it
loads its libraries on looking for garbage among them.
"""

import gc

gc.set_threshold(50_000)
