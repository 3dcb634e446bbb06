"""The mathematics, tested by hand, by its properties, and family by family."""
