"""Act 4: from vectors to clusters that keep their identity over the nights."""
