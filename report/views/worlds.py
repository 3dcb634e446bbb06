"""What a plan for many worlds is worth in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..format.words import words_of

if TYPE_CHECKING:
    from ...model import Plan
    from ..format.words import Words


@dataclass(frozen=True)
class WorldsView:
    """What a plan for many worlds is worth in them.

    Attributes
    ----------
    worlds
        How many.
    words
        What was maximised, or of regret made least, in words.
    value, bound, gap
        Its value, what no plan can pass, and how far these are apart, relative.
    mean, tail, least
        Of the outcome: its mean, the mean of the worst tenth of the weight, the worst.
    negative
        Weight of the worlds in which leverage is below 0; None of a plan at least cost.
    unkept
        Worlds in which no plan keeps continuity.
    continuity_share
        Weight of the worlds in which continuity was asked for; None: in all in which any plan keeps it.
    """

    worlds: int
    words: str
    value: float | None
    bound: float | None
    gap: float | None
    mean: float | None
    tail: float | None
    least: float | None
    negative: float | None
    unkept: tuple[str, ...]
    continuity_share: float | None

    @property
    def regret(self) -> bool:
        """Whether less is better."""
        return self.words.startswith("greatest regret")


def worlds_view(plan: Plan) -> WorldsView | None:
    """Return what a plan is worth in the worlds it was made for; None where it was made for the case's own figures."""
    if plan.worlds is None:
        return None
    words = words_of(plan.case)
    found: Mapping[str, Any] = words.sense.worlds(plan.worlds)
    return WorldsView(
        found["n"],
        criterion_words(found["criterion"], words),
        found["value"],
        found["bound"],
        found["gap"],
        found["mean"],
        found["cvar"],
        found["worst"],
        found.get("share_negative"),
        tuple(found["unkept"]),
        found.get("continuity_share"),
    )


def criterion_words(criterion: str, words: Words) -> str:
    """Return a criterion in words."""
    if criterion == "mean":
        return f"mean {words.outcome}"
    if criterion == "worst":
        return words.worst_of_all
    if criterion == "regret":
        return "greatest regret"
    head, *numbers = criterion.split(":")
    tail = words.worst_part.format(share=f"{100 * (1 - float(numbers[0])):g}%")
    if head == "cvar":
        return tail
    share = float(numbers[1])
    return f"{1 - share:g} of the mean {words.outcome} and {share:g} of the {tail}"
