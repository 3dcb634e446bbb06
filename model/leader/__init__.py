"""Our side for given policies: its best plan, the cuts it gives, its operations worked out alone."""

__all__ = [
    "branch_and_cut",
    "carried",
    "cuts",
    "fixed_policy",
    "given",
    "here_and_now",
    "pessimistic",
    "problem",
    "readout",
    "recompute",
    "scenario_values",
    "status_quo",
    "ties",
    "working_set",
]
