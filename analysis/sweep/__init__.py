"""Many solves of one case, its uncertain figures varied."""

__all__ = ["design", "estimate", "executors", "kinds", "outcomes", "read", "run"]
