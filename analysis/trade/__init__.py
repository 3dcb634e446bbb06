"""What trade statistics say before there is a case: who depends on whom, and a case to start from."""

__all__ = ["parties"]
