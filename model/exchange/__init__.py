"""The Pyomo models handed out: to analysts, to files, to any solver that Pyomo knows."""

__all__ = ["describing", "files", "formulating"]
