"""Act 2: from raw rows to documents, every row accounted for."""
