"""A plan recomputed from linear programs solved alone, and certified."""
