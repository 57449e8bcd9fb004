"""Where every document of the window lies on the map."""
