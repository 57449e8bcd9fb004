"""What clusters mean to who reads them: ratings, where they come from, which are emerging."""
