"""Why there is no plan, or what holds the best plan back."""

__all__ = ["conflict", "explain"]
