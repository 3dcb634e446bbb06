"""Goods that two parties trade, measured and ranked by who depends on whom."""
