"""Cases and results written, whole or not at all."""

__all__ = ["case_tables", "documents"]
