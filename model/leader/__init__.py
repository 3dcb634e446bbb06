"""Our side for given policies: its best plan, the cuts it gives, its operations worked out alone."""
