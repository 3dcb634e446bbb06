"""What the outcomes of a sweep depend on, and what it advises."""

__all__ = ["advice", "indices", "outcomes", "sensitivity"]
