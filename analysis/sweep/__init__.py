"""Many solves of one case, its uncertain figures varied."""
