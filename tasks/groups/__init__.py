"""The window in groups: clusters within each value of a column, and one table of all."""
