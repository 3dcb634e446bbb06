"""Files and folders written whole or not at all, locked, with digests of what is in them."""
