"""The default clusterer of every night."""
