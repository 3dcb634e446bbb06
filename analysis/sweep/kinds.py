"""The designs that a sweep can have, each declared once."""

# Read where options are declared, so that --help answers at once: nothing that takes long to import.
from __future__ import annotations

from dataclasses import dataclass, field

Option = int | bool | str


@dataclass(frozen=True)
class Kind:
    """A kind of design.

    Attributes
    ----------
    words
        Its name for people.
    answer
        What says what an outcome depends on: ``tornado``, ``main_effects``, ``morris`` or ``sobol``.
    options
        Options that it has, with their defaults.
    seeded
        Whether its samples are drawn at random.
    representative
        Whether they stand for all values of the figures, each as often as its range says.
    averaged
        Whether every figure moves in all samples, so that means over some of them tell of it.
    """

    words: str
    answer: str
    options: dict[str, Option] = field(default_factory=dict)
    seeded: bool = False
    representative: bool = False
    averaged: bool = False


KINDS = {
    "grid": Kind("grid", "main_effects", {"levels": 5}, averaged=True),
    "oat": Kind("one figure at a time", "tornado", {"levels": 2}),
    "list": Kind("list", "main_effects", averaged=True),
    "lhs": Kind("Latin hypercube", "main_effects", {"samples": 128}, seeded=True, representative=True, averaged=True),
    "morris": Kind("Morris", "morris", {"samples": 16, "levels": 4}, seeded=True),
    "sobol": Kind(
        "Sobol", "sobol", {"samples": 256, "second_order": False}, seeded=True, representative=True, averaged=True
    ),
}
"""All designs by name; `design` draws their samples."""
