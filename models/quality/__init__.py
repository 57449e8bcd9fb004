"""How good clusters are, how stable, and how far to trust them."""
