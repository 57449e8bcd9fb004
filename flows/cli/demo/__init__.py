"""The demos: which nights they run, and the images and series that are drawn for them."""
