"""A night for other programs: spreadsheets, and explorers of embeddings."""
