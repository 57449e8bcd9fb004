"""Rules for documents that are no texts, over what was measured of each."""
