"""The models, one function per constraint family (model.md sections 3 to 6)."""

__all__ = ["buying", "follower", "leader", "leader_costs", "linking", "policy_terms", "scenario_data", "single_level"]
