"""What a document is: the stages of a night that know it, one file for each kind."""
