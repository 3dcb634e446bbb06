"""Plans side by side, and which difference explains how much."""

__all__ = ["compare", "inputs"]
