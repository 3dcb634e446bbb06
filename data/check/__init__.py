"""What is refused across rows and tables, and what is only remarked on."""

__all__ = ["notices", "references"]
