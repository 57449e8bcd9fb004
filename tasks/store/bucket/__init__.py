"""A store on an S3-compatible bucket: a lease, and a working copy on this machine's disk."""
