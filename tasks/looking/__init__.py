"""Look at published nights: why a document is where it is, what a cluster was, where a text is."""
