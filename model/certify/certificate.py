"""What a plan must survive: its figures and its limits, by linear programs solved alone (model.md section 6, certificate)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..formulation.linking import Choice
from ..formulation.scenario_data import SIDE
from ..leader.problem import Problem
from ..leader.recompute import Operations
from ..network import NONE, Network
from ..plan.limits import (
    BUDGET,
    LIMIT_WORDS,
    LIMITED,
    MEASURES,
    STOCKPILE_VALUE,
    SolveLimits,
    at_least,
    at_most,
    four_digits,
    within,
)
from ..plan.plan import least_mean
from ..plan.tolerances import CERTIFICATE, LIMIT_KEPT

if TYPE_CHECKING:
    from ...data.schema.tables import Demand


class CertificateError(Exception):
    """The program's answer and the linear programs solved alone do not agree: a fault of the program, not of the case."""


@dataclass(frozen=True)
class Compared:
    """A figure as the search has it, and as the linear programs solved alone have it.

    Attributes
    ----------
    name
        The figure.
    claimed, alone
        Its values, money.
    scale
        Money below which their difference is absolute.
    """

    name: str
    claimed: float
    alone: float
    scale: float

    @property
    def difference(self) -> float:
        """Relative difference."""
        return abs(self.claimed - self.alone) / max(abs(self.alone), self.scale)

    def words(self, first: str = "in the search", second: str = "in the linear programs solved alone") -> str:
        """Name, both values and where they are from, and the difference."""
        return (
            f"{self.name} is {self.claimed!r} {first} and {self.alone!r} {second} "
            f"(relative difference {self.difference:.3g})"
        )


def claim(claimed: float, bound: float | None, alone: float, whole: bool) -> float:
    """Return what a search's leverage is compared as.

    Binaries of our operations are chosen anew once the leverage is kept. A search that ends within its gap may be bettered by
    that, no further than to its bound.

    Parameters
    ----------
    claimed, bound
        What the search found, and the most that it leaves possible; None or inf where it proves nothing.
    alone
        As the linear programs solved alone have it.
    whole
        Whether our operations have binaries.
    """
    if bound is None or not math.isfinite(bound) or not whole:
        return claimed
    return max(claimed, min(alone, bound))


def certify(figures: Sequence[Compared]) -> None:
    """Check that figures agree.

    Raises
    ------
    CertificateError
        Naming every figure that differs by more than `CERTIFICATE`, with both values.
    """
    # A difference that is no number is no agreement.
    differing = [figure.words() for figure in figures if not figure.difference <= CERTIFICATE]
    if differing:
        raise CertificateError(f"{'; '.join(differing)}; at most {CERTIFICATE:g} is taken for rounding")


def refuse_infeasible(worth: float, leverage: float, small: float) -> None:
    """Refuse a plan whose rows are broken by more than rounding, in money.

    HiGHS takes a row as kept that is broken by 1e-7 in its own unit, which is nothing or all of it.

    Parameters
    ----------
    worth
        What the rows broken can be worth, money.
    leverage
        Of the plan.
    small
        Money below which the difference is absolute.

    Raises
    ------
    CertificateError
        When it is more than `CERTIFICATE` of the leverage.
    """
    relative = worth / max(abs(leverage), small)
    if not relative <= CERTIFICATE:
        raise CertificateError(
            f"the linear programs solved alone break rows by what can be worth {worth!r}, beside a leverage of {leverage!r} "
            f"(relative {relative:.3g}); at most {CERTIFICATE:g} is taken for rounding"
        )


def money_scale(problem: Problem) -> float:
    """Money at stake: the larger of both sides' status-quo costs and all that the counterpart's sales are worth."""
    network = problem.network
    worth = [
        [value + network.waits(pair) * wanted * penalty for (_, value), wanted, penalty in zip(*weeks, strict=True)]
        for pair in network.pairs("counterpart")
        if (weeks := (network.sales(pair), network.weekly.quantity[pair], network.weekly.penalty[pair]))
    ]
    sales = math.fsum(math.fsum(week) for week in zip(*worth, strict=True))
    return max(abs(problem.status_quo.response_cost), abs(problem.status_quo.cost), sales, 1e-6)


# Limits ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Breach:
    """A limit that a plan breaks.

    Attributes
    ----------
    limit
        The limit in words.
    amount, unit
        By how much; the unit is empty where the limit says it.
    over
        Whether too much is used; else too little is left.
    scenario
        Where it is broken; None where that is no question.
    where
        The same in words, after the limit.
    """

    limit: str
    amount: float
    unit: str
    over: bool = False
    scenario: str | None = None
    where: str = ""

    @property
    def whole(self) -> str:
        """The limit, and where it is broken."""
        return self.limit + self.where

    @property
    def words(self) -> str:
        """The limit, where, and by how much it is broken."""
        return f"{self.whole}: {'over' if self.over else 'short'} by {self.extent}"

    @property
    def extent(self) -> str:
        """By how much it is broken, with its unit; shares in points."""
        if self.unit == "share":
            return f"{four_digits(100 * self.amount)} points"
        return f"{four_digits(self.amount)} {self.unit}".rstrip()


def refuse_breaches(breaches: Iterable[Breach]) -> None:
    """Refuse a plan that breaks limits.

    Raises
    ------
    CertificateError
        Naming every limit, its scenario and by how much it is broken.
    """
    broken = "; ".join(breach.words for breach in breaches)
    if broken:
        raise CertificateError(f"the plan breaks limits in the linear programs solved alone: {broken}")


def supply_breaches(network: Network, operations: Operations, least_fill: float | None = None) -> list[Breach]:
    """Return the limits on supply that operations break: continuity in every scenario, in ``none`` concentration and suppliers.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    operations
        Our operations.
    least_fill
        Mean fill asked of every demand with a ``min_fill``, in its place; None: as the case says.
    """
    found, names = [], network.case.names
    for scenario in operations.readout.scenarios:
        fills = operations.fills(scenario)
        rows = {pair: network.demands[pair] for pair in fills}
        means = {
            pair: row.min_fill if least_fill is None or row.min_fill == 0 else least_fill for pair, row in rows.items()
        }
        asked = [
            (means_of(rows[pair]), pair, least, least_mean(fills[pair], rows[pair].fill_window))
            for pair, least in means.items()
        ]
        asked += [("weekly fill", pair, row.min_fill_week, fills[pair].min()) for pair, row in rows.items()]
        for word, (site, item), least, level in asked:
            if not level >= least - LIMIT_KEPT:
                limit = f"{word} of {names.item(item)} in {names.site(site)} {at_least(least, share=True)}"
                where = f" in scenario {names.quoted(scenario)}"
                found.append(Breach(limit, float(least - level), "share", scenario=scenario, where=where))
    return found + _worst_of_each(
        breach
        for scenario in operations.readout.scenarios
        for breaches in (_share_breaches, _supplier_breaches)
        for breach in breaches(network, operations, scenario)
    )


def _worst_of_each(breaches: Iterable[Breach]) -> list[Breach]:
    """Return of every limit that is broken in several scenarios the one in which it is broken most, the first of these."""
    worst: dict[str, Breach] = {}
    for breach in breaches:
        if breach.limit not in worst or breach.amount > worst[breach.limit].amount * (1 + LIMIT_KEPT):
            worst[breach.limit] = breach
    return list(worst.values())


def means_of(row: Demand) -> str:
    """What the least fill of a demand is asked of, in a word or a few."""
    return "mean fill" if row.fill_window is None else f"mean fill over any {row.fill_window} weeks"


def _where(network: Network, scenario: str) -> str:
    return "" if scenario == NONE else f" in scenario {network.case.names.quoted(scenario)}"


def _share_breaches(network: Network, operations: Operations, scenario: str) -> list[Breach]:
    """Return the limits on one party's share of our intake that operations break in a scenario."""
    limited = {row.item: row.max_party_share for row in network.case.items if row.max_party_share < 1}
    found, names, where = [], network.case.names, _where(network, scenario)
    for item, (intake, total, scale) in intakes(network, operations, limited, scenario).items():
        share, parties = limited[item], dict[str, float]()
        for site, amount in intake.items():
            parties[network.party[site]] = parties.get(network.party[site], 0.0) + amount
        for party, amount in parties.items():
            if not amount - share * total <= LIMIT_KEPT * scale:
                limit = (
                    f"share of {names.party(party)} in our intake of {names.item(item)} {at_most(share, share=True)}"
                )
                over = (amount - share * total) * network.units.item(item)
                found.append(Breach(limit, over, "units", over=True, scenario=scenario, where=where))
    return found


def _supplier_breaches(network: Network, operations: Operations, scenario: str) -> list[Breach]:
    """Return the limits on suppliers that operations break in a scenario."""
    rows = {
        row.item: row
        for row in network.case.items
        if row.max_supplier_share < 1 or row.min_supplier_share > 0 or row.min_suppliers > 0
    }
    found, names, where = [], network.case.names, _where(network, scenario)
    for item, (intake, total, scale) in intakes(network, operations, rows, scenario).items():
        words = names.item(item)
        row, unit, near = rows[item], network.units.item(item), LIMIT_KEPT * scale
        for site, amount in intake.items():
            if not amount <= row.max_supplier_share * total + near:
                over = (amount - row.max_supplier_share * total) * unit
                most = at_most(row.max_supplier_share, share=True)
                limit = f"share of site {names.site(site)} in our intake of {words} {most}"
                found.append(Breach(limit, over, "units", over=True, scenario=scenario, where=where))
            if not (amount <= near or amount >= row.min_supplier_share * total - near):
                short = (row.min_supplier_share * total - amount) * unit
                least = at_least(row.min_supplier_share, share=True)
                limit = f"share of site {names.site(site)} in our intake of {words} {least}, or 0"
                found.append(Breach(limit, short, "units", scenario=scenario, where=where))
        counted = sum(amount >= row.min_supplier_share * total - near for amount in intake.values())
        if counted < row.min_suppliers:
            limit = f"suppliers of {words} {at_least(row.min_suppliers)}"
            found.append(Breach(limit, row.min_suppliers - counted, "", where=where))
    return found


def intakes(
    network: Network, operations: Operations, items: Iterable[str], scenario: str = NONE
) -> dict[str, tuple[dict[str, float], float, float]]:
    """Return what every site outside our side dispatches of some items, their whole intake, and its scale, in a scenario.

    The scale is the intake, or what usually comes from outside where that is more. Items whose shares are not limited in the
    scenario are left out.
    """
    ours = operations.readout.ours[scenario]
    shipped = _sums(ours["ship"].values(operations.solution), ours["ship"].weeks)
    made = _sums(ours["make"].values(operations.solution), ours["make"].weeks)
    found = {}
    for item in items:
        if not network.shares_hold(item, scenario):
            continue
        lanes = [row for row in network.lanes_into(SIDE) if row.item == item and network.side[row.origin] != SIDE]
        intake: dict[str, float] = {}
        for row in lanes:
            intake[row.origin] = intake.get(row.origin, 0.0) + shipped[row.lane]
        own = math.fsum(made[row.process] for row in network.processes_on(SIDE) if row.output == item)
        total = math.fsum(intake.values()) + own
        usual = (math.fsum(network.weekly.base_flow[row.lane][week] for row in lanes) for week in range(network.weeks))
        found[item] = intake, total, max(total, math.fsum(usual))
    return found


def _sums(values: np.ndarray, weeks: dict[str, np.ndarray]) -> dict[str, float]:
    return {name: float(values[places].sum()) for name, places in weeks.items()}


def limits_used(problem: Problem, choice: Choice, spent: float, bought: float) -> dict[str, dict[str, float | None]]:
    """What choices use of every limit, and the limit; None where there is none, and of the value of stockpiles nothing then."""
    limits = problem.case.settings.limits
    used = _used(problem, choice, spent)
    if math.isfinite(limits.stockpile_value):
        used[STOCKPILE_VALUE] = bought
    return {
        name: {"used": amount, "limit": getattr(limits, name) if math.isfinite(getattr(limits, name)) else None}
        for name, amount in used.items()
    }


def _used(problem: Problem, choice: Choice, spent: float) -> dict[str, float]:
    """What choices use of every limited resource; of the budget all that is spent."""
    return {
        name: spent if name == BUDGET else problem.policy_total(choice, resource.column)
        for name, resource in LIMITED.items()
    }


def resource_breaches(
    problem: Problem, choice: Choice, spent: float, bought: float, own_loss: float, solve_limits: SolveLimits
) -> list[Breach]:
    """Return the limits on budget, reviewer hours, political capital, the value of stockpiles and our own loss that choices break.

    Parameters
    ----------
    problem
        The case made ready.
    choice
        Policy of every regime.
    spent
        First-stage and admin costs, money.
    bought
        What the stockpiles cost, money.
    own_loss
        Our greatest loss in any rated scenario, money.
    solve_limits
        The limits.
    """
    money = money_scale(problem)
    value = problem.case.settings.limits.stockpile_value
    small, little = (LIMIT_KEPT * max(min(1.0, money), abs(most)) for most in (solve_limits.budget, value))
    checked = [(STOCKPILE_VALUE, bought, value, bought <= value + little)]
    for name, used in _used(problem, choice, spent).items():
        most = getattr(solve_limits, name)
        checked.append((name, used, most, used <= most + small if name == BUDGET else within(used, most)))
    checked.append(
        ("our greatest loss", own_loss, solve_limits.own_loss, own_loss <= solve_limits.own_loss + LIMIT_KEPT * money)
    )
    units = {name: problem.units.unit_of(MEASURES.get(name, "money")) for name, *_ in checked}
    return [
        Breach(
            f"{LIMIT_WORDS.get(name, name)} {at_most(most * units[name])}",
            (amount - most) * units[name],
            "",
            over=True,
        )
        for name, amount, most, kept in checked
        if not kept
    ]
