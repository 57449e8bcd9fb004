"""What the texts of rows become: clean, cut, and of a mail what its sender wrote."""
