"""What the outcomes of a sweep depend on, and what it advises."""
