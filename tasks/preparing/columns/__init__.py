"""The feed's own columns: each of one type over all nights."""
