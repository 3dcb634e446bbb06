"""Limits that may give: the least by which they must."""
