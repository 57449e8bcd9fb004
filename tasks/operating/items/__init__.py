"""Feeds of items that are no texts, apart from a night: tried, and placed in its clusters."""
