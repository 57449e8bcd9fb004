"""Lexical views: which terms a text uses, as dense vectors, and how these are kept."""
