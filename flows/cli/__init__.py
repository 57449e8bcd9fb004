"""What a person types: the command line, one file a group of commands."""
