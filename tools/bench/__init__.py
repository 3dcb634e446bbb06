"""Ratios side by side: sluicegate's ways against other ways to do the same work, on this machine, in one run."""
