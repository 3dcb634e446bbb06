"""Ways to find and prove the best plan."""
