"""Which languages texts are in, and what that means for their words."""
