"""Plans for people."""
