"""What a night has from elsewhere: bytes that have landed, and where its source has stopped."""
