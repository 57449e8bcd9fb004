"""Images: found, decoded within bounds, measured, encoded, compared, and shown."""
