"""What a case is: its tables, fields, settings, and the errors it can have."""
