"""Commands by family, where they are more than one on one case: parse, call, print."""
