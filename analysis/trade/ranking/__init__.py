"""Goods that two parties trade, measured and ranked by who depends on whom."""

__all__ = ["measures", "scan", "sigma"]
