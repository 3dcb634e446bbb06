"""Programs compiled once whose numbers follow the figures of a case."""
