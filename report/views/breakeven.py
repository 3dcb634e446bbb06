"""What a search for switches says: where the best choices change, and from what to what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model.plan.choices import LANE, POLICY, Choices, Offer, stockpiles
from .case import CaseView, case_view

if TYPE_CHECKING:
    from ...analysis.breakeven.result import Breakeven, Side, Span, Switch
    from ..format.words import Words


@dataclass(frozen=True)
class SideView:
    """One side of a switch.

    Attributes
    ----------
    value
        Value of the figure.
    outcome
        Leverage or cost of the best plan there; None without one.
    choices
        What is chosen here and not on the other side, in words; all of it where there is no plan on the other.
    """

    value: float
    outcome: float | None
    choices: str


@dataclass(frozen=True)
class SwitchView:
    """Two neighbouring values between which the best choices change.

    Attributes
    ----------
    below, above
        Its sides.
    from_force
        How far its middle is from the value in force, relative to that; None where there is no such value.
    """

    below: SideView
    above: SideView
    from_force: float | None


@dataclass(frozen=True)
class SpanView:
    """A part of the range with the same best choices.

    Attributes
    ----------
    low, high
        Its ends.
    choices
        The choices in words; nothing without a plan.
    in_force
        Whether the value in force lies in it.
    """

    low: float
    high: float
    choices: str
    in_force: bool


@dataclass(frozen=True)
class BreakevenView:
    """Where the best choices change.

    Attributes
    ----------
    case
        The case in short.
    path, figure, unit
        The figure, what it is called, and its unit; nothing for a share.
    low, high, range_words
        The range, and where it is from.
    current
        The value in force; None where there is no one value.
    points
        Values that were solved.
    whole, tolerance
        Whether the figure is a whole number; else how closely switches are bracketed, relative to the value.
    switches, spans
        What was found.
    statement, complete, notes
        How far to trust it, whether it is all there is, and what else to know.
    has_regimes
        Whether our side has a regime that may stay open.
    """

    case: CaseView
    path: str
    figure: str
    unit: str
    low: float
    high: float
    range_words: str
    current: float | None
    points: int
    whole: bool
    tolerance: float
    switches: tuple[SwitchView, ...]
    spans: tuple[SpanView, ...]
    statement: str
    complete: bool
    notes: tuple[str, ...]
    has_regimes: bool


def breakeven_view(result: Breakeven) -> BreakevenView:
    """Return what a search for switches says.

    Parameters
    ----------
    result
        What `breakeven` returned.
    """
    offer, case = Offer.of(result.case), case_view(result.case)
    unit = "" if result.unit == "share" else result.unit
    return BreakevenView(
        case=case,
        path=result.path,
        figure=result.case.names.figure(result.path),
        unit=unit.replace("money", case.money) if case.money else unit,
        low=result.low,
        high=result.high,
        range_words=result.range_words,
        current=result.current,
        points=len(result.points),
        whole=result.whole,
        tolerance=result.tolerance,
        switches=tuple(_switch(switch, result.current, offer, case.words) for switch in result.switches),
        spans=tuple(
            SpanView(
                span.low,
                span.high,
                span_words(span, offer) if span.feasible else "",
                result.current is not None and span.low <= result.current <= span.high,
            )
            for span in result.spans
        ),
        statement=result.statement,
        complete=result.complete,
        notes=tuple(result.notes),
        has_regimes=bool(offer.regimes),
    )


def _switch(switch: Switch, current: float | None, offer: Offer, words: Words) -> SwitchView:
    middle = (switch.below.value + switch.above.value) / 2
    ends = ((switch.below, switch.above), (switch.above, switch.below))
    below, above = (
        SideView(side.value, words.figure(side.leverage), side_words(side, other, offer)) for side, other in ends
    )
    return SwitchView(
        below,
        above,
        middle / current - 1 if current else None,
    )


def side_words(side: Side, other: Side, offer: Offer) -> str:
    """Return what is chosen on one side and not on the other; all of it where there is no plan on the other."""
    if side.leverage is None:
        return "no plan satisfies the limits" if side.status == "infeasible" else "no plan was found"
    chosen = Choices.of(side)
    if other.leverage is None:
        return chosen.text(offer)
    words = []
    for kind, name, here, _ in chosen.differences(Choices.of(other), offer):
        if kind == POLICY:
            words.append(offer.policy(name, here))
        elif kind == LANE:
            words.append(f"{'qualifies' if here else 'does not qualify'} {offer.lane(name)}")
        elif offer.some(name, here):
            words.append(stockpiles(offer, name, here))
        else:
            words.append(f"does not stockpile {offer.pair(name)}")
    return "; ".join(words)


def span_words(span: Span, offer: Offer) -> str:
    """Return the choices of a span in words, amounts from the least to the most."""
    words = Choices(span.policies, span.qualified).words(offer)
    words += [stockpiles(offer, pair, span.least[pair], span.most[pair]) for pair in span.least]
    return "; ".join(words) or Choices(span.policies).text(offer)
