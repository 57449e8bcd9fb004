"""A night for people and for programs, one way of showing it in each file."""
