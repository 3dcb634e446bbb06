"""The shipped cases against what happened, and against what they assume."""
