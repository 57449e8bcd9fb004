"""A night as a page that opens from disk: its content as JSON, and the page that shows it."""
