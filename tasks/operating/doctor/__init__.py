"""Examine a store and repair it."""
