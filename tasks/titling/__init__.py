"""Titles for clusters by a language model, where one is configured; names are found without any."""
