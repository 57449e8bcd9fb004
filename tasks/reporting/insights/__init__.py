"""What a review feed is read for: how clusters are rated, where they are, which emerge."""
