"""Arrays, HiGHS, branch and bound: the only room that knows the solver."""
