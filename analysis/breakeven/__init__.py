"""The values of one figure at which the advice changes."""

__all__ = ["breakeven"]
