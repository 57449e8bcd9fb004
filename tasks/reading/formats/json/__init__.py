"""Files of JSON: objects on lines, in an array, or in a list inside of an object."""
