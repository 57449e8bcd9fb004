"""What Python processes that tests start do first: look for garbage seldom.

Each would spend a fifth of the time in which it loads its libraries on looking for garbage among
them.
"""

import gc

gc.set_threshold(50_000, 50, 1000)
