"""What a report shows beside tables of the night: other nights, refused rows, every document."""
