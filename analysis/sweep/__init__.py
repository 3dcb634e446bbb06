"""Many solves of one case, its doubtful figures varied."""
