"""Commands that show what published nights say."""
