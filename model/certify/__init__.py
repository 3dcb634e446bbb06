"""A plan recomputed from linear programs solved alone, and certified."""

__all__ = ["certificate", "end_stock", "figures", "planning", "restoring"]
