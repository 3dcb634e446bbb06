"""What tests share: the oracle, random cases, builders, stand-ins."""
