"""The table of a plan that says what other policies and budgets would give: its name, columns and states."""

from __future__ import annotations

WHAT_IF = "what_if"
"""Name of the table."""

POLICY = "policy."
"""What begins the names of its columns of policies; the regime follows."""

EXACT, BOUNDED, NONE = "exact", "at most", "no plan"
"""What a row says: the best plan's leverage; that it is no more than this; that no plan keeps the limits."""
