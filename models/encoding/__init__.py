"""Encoders: where one is found, and how texts become vectors."""
