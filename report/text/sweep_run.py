"""What the command says of a sweep before and after it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from ...analysis.sweep.estimate import Estimate


def counted(counts: Mapping[str, int]) -> str:
    """Return how many rows ended with each status, in a line."""
    total = sum(counts.values())
    parts = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items(), key=lambda entry: -entry[1]))
    return f"{total:,} rows: {parts}" if total else "no rows"


def estimated(estimate: Estimate) -> list[str]:
    """Return an estimate in lines."""
    workers = "1 process" if estimate.workers == 1 else f"{estimate.workers} processes"
    each = f"{estimate.seconds_per_sample:.3g} s a sample, from {estimate.tried} tried"
    building = estimate.learning_seconds
    once = f"; {duration(building)} before that, to build what samples share" if building >= 1 else ""
    return [
        f"{estimate.samples:,} samples, {estimate.solves:,} solves",
        f"about {duration(estimate.seconds)} with {workers}: {each}{once}",
        f"about {size(estimate.bytes)} of disk",
    ]


def show_estimate(estimate: Estimate, console: Console) -> None:
    """Print an estimate, a line for each of its facts, however narrow the terminal."""
    for line in estimated(estimate):
        console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)


def duration(seconds: float) -> str:
    """Return a length of time in the unit that suits it."""
    for most, unit, length in ((120, "seconds", 1), (7200, "minutes", 60), (172_800, "hours", 3600)):
        if seconds < most:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def size(count: int) -> str:
    """Return a number of bytes in the unit that suits it."""
    for most, unit, length in ((1e6, "kB", 1e3), (1e9, "MB", 1e6)):
        if count < most:
            return f"{count / length:,.1f} {unit}"
    return f"{count / 1e9:,.1f} GB"
