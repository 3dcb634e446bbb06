"""Large policy spaces taken apart: independent components and overlapping subnetworks, each with its master problem."""

__all__ = []
