"""Act 3: from texts to vectors."""
