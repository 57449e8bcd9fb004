"""What lies aside: second copies of what nothing makes again, and what a repair has taken away."""
