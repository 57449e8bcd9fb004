"""Documents on a plane: near ones near, and at the same place from night to night."""
