"""A case drafted from trade statistics: flows with their source, marked placeholders for the rest."""

__all__ = ["draft"]
