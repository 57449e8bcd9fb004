"""Act 1: from a feed to raw rows."""
