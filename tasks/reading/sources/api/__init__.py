"""Feeds that are JSON APIs: page by page, and only what is new."""
