"""What a case is: its tables, fields, settings, and the errors it can have."""

__all__ = ["case", "declarations", "errors", "settings", "slips", "tables", "values"]
