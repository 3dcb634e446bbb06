"""Cases and results written, whole or not at all."""
