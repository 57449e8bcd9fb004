"""All that knows words: encoders, lexical views, keywords."""
