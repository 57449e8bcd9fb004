"""Feeds of news: RSS and Atom, asked only for what has changed."""
