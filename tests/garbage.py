"""How often the processes of the tests look for garbage."""

import gc


def look_for_garbage_seldom() -> None:
    """Leave alone the half a million objects of libraries, which are there to stay.

    To look through them again and again took a tenth of all tests' time. Tests are over before a
    search of all objects would be due; those of the last hundred thousand find what comes and goes.
    """
    gc.set_threshold(100_000, 50, 1000)
