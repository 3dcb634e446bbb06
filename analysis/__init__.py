"""Many solves over one case."""
