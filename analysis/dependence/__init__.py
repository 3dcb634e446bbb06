"""Who depends on whom: the measures that practitioners use."""

__all__ = ["indices", "prices"]
