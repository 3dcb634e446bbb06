"""What both sides share: stocks, arrivals, processes, the end of the horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .case import INF, Case, Lane, Pair, Scenario
from .programs import Affine, Program


@dataclass
class Chain:
    """One side's columns in one scenario, and the net inflow of every pair by week (week T: after the horizon).

    ``none`` holds the columns of scenario none: those of weeks before ``reveal`` are this scenario's too.
    """

    ship: dict[tuple[str, int], int] = field(default_factory=dict)
    make: dict[tuple[str, int], int] = field(default_factory=dict)
    stock: dict[tuple[Pair, int], int] = field(default_factory=dict)
    fill: dict[tuple[Pair, int], int] = field(default_factory=dict)
    export_fill: dict[tuple[str, int], int] = field(default_factory=dict)
    slack: dict[tuple[str, int], int] = field(default_factory=dict)
    short_end: dict[Pair, int] = field(default_factory=dict)
    net: dict[tuple[Pair, int], Affine] = field(default_factory=dict)
    cost: Affine = field(default_factory=Affine)
    none: Chain | None = None
    reveal: int = 0

    def decide(self, program: Program, kind: str, key: Any, upper: float = INF, lower: float = 0.0) -> int:
        """The column of a decision of week ``key[1]``: the one of scenario none before the reveal, else a new one."""
        if self.none is not None and key[1] < self.reveal:
            column: int = getattr(self.none, kind)[key]
        else:
            column = program.column(upper, lower)
        getattr(self, kind)[key] = column
        return column


def add_arrivals(case: Case, chain: Chain, lane: Lane, policy: str) -> None:
    """Pipeline and arrivals of a lane at its destination.

    Pipeline: base_flow in every week t < lead. Dispatches of week t arrive in week t + lead + lag, share a_p(t, lag).
    Whatever arrives at T or later is put into week T: it counts as position at the end.
    """
    pair = (lane.destination, lane.item)
    for week in range(lane.lead):
        chain.net[pair, min(week, case.T)].constant += lane.base_flow
    for t in range(case.T):
        for lag, share in case.kernel(lane.regime, policy, t).items():
            chain.net[pair, min(t + lane.lead + lag, case.T)].add(share, chain.ship[lane.id, t])


def add_shipping_cost(case: Case, chain: Chain, lane: Lane, policy: str, weight: float) -> None:
    """(unit_cost A_p + holding_cost H_p) ship, weighted: no pay for refused goods, holding for those under review."""
    for t in range(case.T):
        unit = lane.unit_cost * case.arrived(lane.regime, policy, t)
        unit += case.holding[lane.item] * case.waited(lane.regime, policy, t)
        chain.cost.add(weight * unit, chain.ship[lane.id, t])


def add_internal_departures(case: Case, chain: Chain, lane: Lane) -> None:
    """A lane within a side takes its goods from a tracked origin; an untracked origin supplies without limit."""
    if case.is_tracked(lane):
        for t in range(case.T):
            chain.net[(lane.origin, lane.item), t].add(-1.0, chain.ship[lane.id, t])


def add_processes(program: Program, case: Case, chain: Chain, side: str, scenario: Scenario, weighted: bool) -> None:
    """make <= capacity * availability; the output enters its pair's balance, quantity * make leaves each input's."""
    for j in case.processes:
        if case.side[j.site] != side:
            continue
        for t in range(case.T):
            share = case.availability(scenario, "process", j.id, t) if side == "H" else 1.0
            make = chain.decide(program, "make", (j.id, t), case.process_capacity(j, share))
            chain.net[(j.site, j.output), t].add(1.0, make)
            for item, quantity in j.inputs.items():
                chain.net[(j.site, item), t].add(-quantity, make)
            chain.cost.add(j.unit_cost * (case.weight[j.site] if weighted else 1.0), make)


def add_balances(
    program: Program, case: Case, chain: Chain, side: str, weighted: bool, stockpile: Mapping[Pair, int]
) -> None:
    """Balance and terminal rows.

    Balance: stock[t-1] + (initial + stockpile)(t=0) + net inflow - stock[t] >= 0, disposal being free.
    Terminal: stock[T-1] + what arrives later + short_end >= target.
    An untracked pair holds no stock and has no terminal row.
    """
    for pair in case.pairs[side]:
        weight = case.weight[pair[0]] if weighted else 1.0
        tracked = pair in case.tracked
        for t in range(case.T):
            row = Affine().plus(chain.net[pair, t])
            if tracked:
                stock = chain.decide(program, "stock", (pair, t), case.stock_capacity(pair))
                chain.cost.add(weight * case.holding[pair[1]], stock)
                row.add(-1.0, stock)
                if t > 0:
                    row.add(1.0, chain.stock[pair, t - 1])
                else:
                    row.constant += case.initial(pair)
                    if pair in stockpile:
                        row.add(1.0, stockpile[pair])
            program.nonnegative(row)
        if tracked:
            short = chain.short_end[pair] = program.column()
            chain.cost.add(weight * case.terminal_price(pair), short)
            position = Affine(-case.terminal_target(pair)).plus(chain.net[pair, case.T])
            program.nonnegative(position.add(1.0, chain.stock[pair, case.T - 1]).add(1.0, short))
