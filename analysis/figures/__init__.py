"""The figures of a case that can be set or are doubtful, and how they vary."""
