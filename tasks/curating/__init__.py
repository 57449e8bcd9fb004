"""What a person has decided about clusters, applied after identity, night after night."""
