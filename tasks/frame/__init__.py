"""What makes a function a stage of the night: cache, retries, progress, what the UI shows."""
