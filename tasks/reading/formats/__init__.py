"""One file a format: from the bytes of a file to rows."""
