"""The tables: their columns, their schemas, and which of them a night publishes."""
