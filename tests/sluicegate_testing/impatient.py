"""A monitor that stops a solve after so many questions, and remembers the bounds it was told."""

from __future__ import annotations

from sluicegate.model import Monitor


class Impatient(Monitor):
    def __init__(self, patience: int):
        self.left = patience
        self.told: list[tuple[float, float]] = []

    def bounds(self, incumbent: float, bound: float) -> None:
        self.told.append((incumbent, bound))

    def stop(self) -> bool:
        self.left -= 1
        return self.left < 0
