"""Images: their common size, how they become vectors, and what can be said of them."""
