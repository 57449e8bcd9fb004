"""Act 5: how good the clusters are, and what they are called."""
