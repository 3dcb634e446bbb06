"""Programs compiled once whose numbers follow the figures of a case."""

__all__ = ["patching", "programs", "refilled"]
