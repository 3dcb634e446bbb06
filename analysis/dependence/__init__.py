"""Who depends on whom: the measures that practitioners use."""
