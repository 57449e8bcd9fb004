"""Time series: gathered from tables, measured, brought to even steps, encoded, and shown."""
