"""Ways to find and prove the best plan."""

__all__ = ["best_first", "cut_pool", "engine"]
