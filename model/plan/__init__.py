"""What an answer is: the plan, the limits it keeps, and the numbers that decide what counts as equal."""
