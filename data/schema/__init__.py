"""What a case is: its tables, fields, settings, what to call what it holds, and the errors it can have."""

__all__ = ["case", "declarations", "errors", "names", "settings", "slips", "tables", "values"]
