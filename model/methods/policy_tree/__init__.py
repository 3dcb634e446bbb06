"""Branch and bound over sets of policies, bounded by stand-ins for those left undecided."""

__all__ = []
