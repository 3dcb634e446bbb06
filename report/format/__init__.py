"""Numbers, names and documents as people and programs read them."""
