"""Tell people that a night is published, through channels of their own."""
