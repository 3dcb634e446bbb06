"""Rows of responses: bounds on the counterpart's loss that add up over blocks, and their master problem."""

__all__ = ["blocks"]
