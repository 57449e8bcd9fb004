"""Published methods behind one interface, to compare with or to use instead."""
