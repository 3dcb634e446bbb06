"""The figures of a case that can be set or are uncertain, and how they vary."""
