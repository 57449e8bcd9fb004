"""Feeds that are databases: a table or a query, and only what is new."""
