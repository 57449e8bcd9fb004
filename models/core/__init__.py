"""Algorithms on plain arrays, and where and with how many threads they run."""
