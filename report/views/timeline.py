"""What happens when: reviews, packages and outages, shortages, as spans of weeks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model.network import NONE, OPEN, outage_scenarios
from ...model.plan.plan import served
from ..format.words import COUNTERPART, OURS

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case
    from ...data.schema.tables import Policy
    from ...model import Plan

REVIEW, PACKAGE, OUTAGE, THEIR_SHORTAGE, OUR_SHORTAGE = "review", "package", "outage", "their shortage", "our shortage"
"""Kinds of spans, in the order in which they are shown."""


@dataclass(frozen=True)
class Span:
    """Something that lasts.

    Attributes
    ----------
    kind
        One of the kinds above.
    name
        What it is, by the names for people.
    weeks
        Its runs of weeks: first week, and the week after the last one.
    """

    kind: str
    name: str
    weeks: tuple[tuple[int, int], ...]


def timeline(plan: Plan) -> list[Span]:
    """Return what happens under a plan: its reviews, the packages and outages of the case, and who is short when.

    Our shortages are those of the scenario that decides; where none is worst, those without retaliation or outage.

    Parameters
    ----------
    plan
        A plan with its tables.
    """
    case, names = plan.case, plan.case.names
    policies = {(row.regime, each.policy): each for row in case.policies for each in row.variants}
    found = [
        Span(REVIEW, names.regime(regime), (_in_force(policies[regime, policy], case),))
        for regime, policy in plan.policies.items()
        if policy != OPEN
    ]
    packages: dict[str, list[tuple[int, int]]] = {}
    for row in case.retaliations:
        if row.policy != OPEN:
            packages.setdefault(row.package, []).append(_in_force(policies[row.regime, row.policy], case))
    found += [Span(PACKAGE, names.scenario(name), joined_runs(runs)) for name, runs in packages.items()]
    weeks = case.settings.horizon.weeks
    for name, rows in outage_scenarios(case.contingencies).items():
        spans = [row.span(start, weeks) for row, start in rows]
        found.append(Span(OUTAGE, names.scenario(name), joined_runs((span.start, span.stop) for span in spans)))
    for kind, side, scenario in (
        (THEIR_SHORTAGE, COUNTERPART, ""),
        (OUR_SHORTAGE, OURS, plan.worst_package or NONE),
    ):
        found += _short(plan, kind, side, scenario)
    return [span for span in found if span.weeks]


def _in_force(policy: Policy, case: Case) -> tuple[int, int]:
    """Return the first week of a policy, and the week after its last one within the horizon."""
    weeks, end = case.settings.horizon.weeks, policy.ends[0]
    return policy.start_week, weeks if end is None else min(end, weeks)


def _short(plan: Plan, kind: str, side: str, scenario: str) -> Iterator[Span]:
    fills = plan.tables["fills"]
    fills = fills[(fills["side"] == side) & (fills["scenario"] == scenario)]
    short: pd.DataFrame = fills[~served(fills["fill"])]
    spans = [
        Span(kind, plan.case.names.pair(f"{site}/{item}"), joined_runs((week, week + 1) for week in rows["week"]))
        for (site, item), rows in short.groupby(["site", "item"], sort=False)
    ]
    yield from sorted(spans, key=lambda span: span.weeks)


def joined_runs(runs: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return runs of weeks in their order, those that meet as one.

    Parameters
    ----------
    runs
        First week, and the week after the last one, of each.
    """
    found: list[tuple[int, int]] = []
    for start, end in sorted((int(start), int(end)) for start, end in runs):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return tuple(found)
