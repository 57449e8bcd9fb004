"""What is the same for all items that are no texts: what they are is kept, and encoders learnt."""
