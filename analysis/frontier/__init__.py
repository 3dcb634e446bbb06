"""Leverage against what it takes: the whole trade-off curve."""

__all__ = ["frontier", "over_worlds", "resources"]
