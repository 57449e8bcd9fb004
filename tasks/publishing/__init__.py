"""Act 6: the night becomes visible, whole or not at all."""
