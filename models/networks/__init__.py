"""The networks, their losses, and the one loop that trains them."""
