"""The counterpart's responses: combinations of policies, worked out one by one, and their least-cost faces."""
