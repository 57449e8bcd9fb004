"""What every clusterer can do, whatever it does inside."""
