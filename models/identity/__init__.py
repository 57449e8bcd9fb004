"""Cluster ids that last over the nights."""
