"""What is done with a store between the nights."""
