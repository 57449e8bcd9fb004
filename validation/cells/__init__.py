"""What a cell holds: a date however it is spelled, a withdrawal, characters that can be seen."""
