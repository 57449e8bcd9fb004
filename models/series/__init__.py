"""Time series: how they become vectors, and what can be said of them."""
