"""Episodes after 2019: a forecast made before its outcome was looked at, and backtests by the same rules."""
