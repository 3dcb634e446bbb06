"""The oracle: a case solved by enumeration, straight from the mathematics.

Every combination of our policies is tried. For each one the counterpart's response is a linear program whose least
cost is V; then one mixed-integer program holds the response's own variables at cost V and chooses, with them,
everything that is ours: qualifications, stockpiles and the operations of all scenarios. The best combination is the
answer.

Nothing here is imported from the package under test, and nothing is clever. A case is ``settings`` (nested like
``case.toml``) and ``tables`` (one list of row dicts per table); a missing table is an empty one, a missing key, None
or "" the default.

Our side is written H, the counterpart's C, everybody else's O. A pair is (site, item).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_matrix

Settings = Mapping[str, Any]
Tables = Mapping[str, list[dict[str, Any]]]
Pair = tuple[str, str]
Kernel = dict[int, float]

INF = math.inf
OPEN = "open"
SLACK = 1e-12
"""How far the response may cost more than V, relative to what can be avoided of V; a hundred times as much is allowed in
money. Where a response nearly as cheap treats us very differently this shows in the leverage (most in W of the status
quo); ``slack`` of the functions below measures it."""


# ---------------------------------------------------------------------------------------------------------------------
# The case, read
# ---------------------------------------------------------------------------------------------------------------------


def _empty(row: Mapping[str, Any], column: str) -> bool:
    return row.get(column) is None or row[column] == ""


def _number(row: Mapping[str, Any], column: str, default: float = 0.0) -> float:
    return default if _empty(row, column) else float(row[column])


def _week(row: Mapping[str, Any], column: str, default: int = 0) -> int:
    return default if _empty(row, column) else int(row[column])


def _text(row: Mapping[str, Any], column: str) -> str | None:
    return None if _empty(row, column) else str(row[column])


@dataclass(frozen=True)
class Lane:
    """A row of ``lanes``."""

    id: str
    item: str
    origin: str
    destination: str
    lead: int
    unit_cost: float
    base_flow: float
    max_flow: float
    available_week: int
    ramp_weeks: int
    margin: float
    fixed_cost: float
    regime: str | None

    def capacity(self, t: int) -> float:
        """cap_l(t) = max_flow * min(1, (t - available_week + 1) / (ramp_weeks + 1)) from available_week on, else 0.

        Before it is cut to what can be used.
        """
        if t < self.available_week:
            return 0.0
        return self.max_flow * min(1.0, (t - self.available_week + 1) / (self.ramp_weeks + 1))


@dataclass(frozen=True)
class Process:
    """A row of ``processes`` with its rows of ``recipes``."""

    id: str
    site: str
    output: str
    capacity: float
    unit_cost: float
    inputs: dict[str, float]


@dataclass(frozen=True)
class Policy:
    """A row of ``policies``; delays are normalised to mass 1 before the approval rate."""

    delays: Kernel
    approval: float
    start: int
    end: float
    admin_cost: float
    reviewer_load: float
    political_cost: float


@dataclass(frozen=True)
class Scenario:
    """A package, a contingency, or neither: scenario none."""

    package: str = ""
    contingency: str = ""

    @property
    def name(self) -> str:
        return self.package or self.contingency or "none"


NONE = Scenario()


def _delays(value: Any) -> Kernel:
    """``8`` or ``4:0.5;12:0.5`` as lag -> share; weights sum to 1 afterwards, equal lags add up."""
    text = str(value)
    if ":" not in text:
        return {int(float(text)): 1.0}
    weights: Kernel = {}
    for piece in text.split(";"):
        lag, weight = piece.split(":")
        weights[int(lag)] = weights.get(int(lag), 0.0) + float(weight)
    total = sum(weights.values())
    return {lag: weight / total for lag, weight in weights.items()}


class Case:
    """The tables as objects, with what follows from them directly."""

    def __init__(self, settings: Settings, tables: Tables) -> None:
        def rows(name: str) -> list[dict[str, Any]]:
            return list(tables.get(name) or [])

        self.T = int(settings["horizon"]["weeks"])
        limits: Mapping[str, Any] = settings.get("limits") or {}
        self.budget = _number(limits, "budget", INF)
        self.reviewer_hours = _number(limits, "reviewer_hours", INF)
        self.political_capital = _number(limits, "political_capital", INF)
        self.own_loss = _number(limits, "own_loss", INF)
        self.worst = ((settings.get("objective") or {}).get("scenario") or "worst") == "worst"

        sides = {"focal": "H", "ally": "H", "counterpart": "C", "other": "O"}
        self.party_side = {str(r["party"]): sides[str(r["role"])] for r in rows("parties")}
        party_weight = {str(r["party"]): _number(r, "loss_weight", 1.0) for r in rows("parties")}
        self.party = {str(r["site"]): str(r["party"]) for r in rows("sites")}
        self.side = {site: self.party_side[party] for site, party in self.party.items()}
        self.weight = {site: party_weight[party] for site, party in self.party.items()}
        self.holding = {str(r["item"]): _number(r, "holding_cost") for r in rows("items")}
        self.max_share = {str(r["item"]): _number(r, "max_party_share", 1.0) for r in rows("items")}
        self.stocks = {(str(r["site"]), str(r["item"])): r for r in rows("stocks")}
        self.demands = {(str(r["site"]), str(r["item"])): r for r in rows("demands")}
        self.lanes = [
            Lane(
                id=str(r["lane"]),
                item=str(r["item"]),
                origin=str(r["origin"]),
                destination=str(r["destination"]),
                lead=_week(r, "lead_weeks"),
                unit_cost=_number(r, "unit_cost"),
                base_flow=_number(r, "base_flow"),
                max_flow=_number(r, "max_flow"),
                available_week=_week(r, "available_week"),
                ramp_weeks=_week(r, "ramp_weeks"),
                margin=_number(r, "margin"),
                fixed_cost=_number(r, "fixed_cost"),
                regime=_text(r, "regime"),
            )
            for r in rows("lanes")
        ]
        recipes: dict[str, dict[str, float]] = {}
        for r in rows("recipes"):
            recipes.setdefault(str(r["process"]), {})[str(r["input"])] = _number(r, "quantity")
        self.processes = [
            Process(
                id=str(r["process"]),
                site=str(r["site"]),
                output=str(r["output"]),
                capacity=_number(r, "capacity", INF),
                unit_cost=_number(r, "unit_cost"),
                inputs=recipes.get(str(r["process"]), {}),
            )
            for r in rows("processes")
        ]
        self.controller = {str(r["regime"]): str(r["controller"]) for r in rows("regimes")}
        self.ours = [g for g, party in self.controller.items() if self.party_side[party] == "H"]
        self.policies: dict[str, dict[str, Policy]] = {
            g: {OPEN: Policy({0: 1.0}, 1.0, 0, INF, 0.0, 0.0, 0.0)} for g in self.controller
        }
        for r in rows("policies"):
            self.policies[str(r["regime"])][str(r["policy"])] = Policy(
                delays=_delays(r["delay_weeks"]),
                approval=_number(r, "approval_rate", 1.0),
                start=_week(r, "start_week"),
                end=_number(r, "end_week", INF),
                admin_cost=_number(r, "admin_cost"),
                reviewer_load=_number(r, "reviewer_load"),
                political_cost=_number(r, "political_cost"),
            )
        self.packages: dict[str, dict[str, str]] = {}
        self.package_cost: dict[str, float] = {}
        for r in rows("retaliations"):
            name = str(r["package"])
            self.packages.setdefault(name, {})[str(r["regime"])] = str(r["policy"])
            self.package_cost[name] = self.package_cost.get(name, 0.0) + _number(r, "cost")
        self.contingencies: dict[str, list[dict[str, Any]]] = {}
        for r in rows("contingencies"):
            self.contingencies.setdefault(str(r["contingency"]), []).append(r)

        self.tracked: set[Pair] = {p for p in self.stocks if self.side[p[0]] != "O"}
        self.tracked |= {(j.site, j.output) for j in self.processes if self.side[j.site] != "O"}
        self.tracked |= {(a.destination, a.item) for a in self.lanes if self.side[a.destination] != "O"}
        self._used: dict[Pair, float] = {}
        named = self.tracked | set(self.demands) | {(j.site, i) for j in self.processes for i in j.inputs}
        self.pairs = {side: sorted(p for p in named if self.side[p[0]] == side) for side in ("H", "C")}

    # -- what a pair or a lane is worth, holds, and may carry -------------------------------------------------------

    def inbound(self, side: str) -> list[Lane]:
        """Lanes that end on a side."""
        return [a for a in self.lanes if self.side[a.destination] == side]

    def is_tracked(self, lane: Lane) -> bool:
        """Whether what the lane carries leaves a tracked pair."""
        return (lane.origin, lane.item) in self.tracked

    def initial(self, pair: Pair) -> float:
        """Stock at the start of week 0; 0 without a row."""
        return _number(self.stocks.get(pair, {}), "initial")

    def stock_capacity(self, pair: Pair) -> float:
        """Most stock at the end of a week; infinite without a row, and from what can be used of it on."""
        capacity = _number(self.stocks.get(pair, {}), "capacity", INF)
        return capacity if capacity < self.used(pair) else INF

    def terminal_target(self, pair: Pair) -> float:
        """``terminal_target`` (default: the initial stock) + sum over inbound lanes of base_flow * lead.

        Goods of the pipeline that arrive at T or later count as position on either side. At most what can be there.
        """
        target = _number(self.stocks.get(pair, {}), "terminal_target", self.initial(pair))
        late = sum(a.base_flow * max(0, a.lead - self.T) for a in self.lanes if (a.destination, a.item) == pair)
        target += sum(a.base_flow * a.lead for a in self.lanes if (a.destination, a.item) == pair)
        return min(target, self.supplied(pair) + late)

    # -- large numbers: what can be there of an item, and what can be used of it --------------------------------------

    def supplied(self, pair: Pair) -> float:
        """Initial + stockpile_max (ours) + pipeline within T + all that inbound lanes and processes can bring."""
        total = self.initial(pair)
        if self.side[pair[0]] == "H":
            total += _number(self.stocks.get(pair, {}), "stockpile_max")
        for a in self.lanes:
            if (a.destination, a.item) == pair:
                total += a.base_flow * min(a.lead, self.T) + sum(a.capacity(t) for t in range(self.T))
        for j in self.processes:
            if (j.site, j.output) == pair:
                inputs = [self.supplied((j.site, i)) / q for i, q in j.inputs.items() if q > 0.0]
                total += min([self.T * j.capacity, *inputs])
        return total

    def approval(self, lane: Lane) -> float:
        """The least positive approval rate of the policies of a lane's regime; 1 without one."""
        rates = [p.approval for p in self.policies.get(lane.regime or "", {}).values()]
        return min((rate for rate in rates if rate > 0.0), default=1.0)

    def used(self, pair: Pair) -> float:
        """What can be used of an item at a pair and at those that lanes within its side lead to."""
        if pair in self._used:
            return self._used[pair]
        side, item = self.side[pair[0]], pair[1]
        within = [a for a in self.lanes if a.item == item and self.side[a.origin] == self.side[a.destination] == side]
        pairs = {pair}
        while True:
            more = {(a.destination, item) for a in within if (a.origin, item) in pairs} - pairs
            if not more:
                break
            pairs |= more
        total = 0.0
        for here in pairs:
            total += self.terminal_target(here) + self.T * _number(self.demands.get(here, {}), "quantity")
            for a in self.lanes:
                if (a.origin, a.item) != here or self.side[a.destination] == side:
                    continue
                if side == "H" and self.side[a.destination] == "C":
                    total += min(sum(a.capacity(t) for t in range(self.T)), self.T * self.dispatched(a))
                elif side == "H" or here in self.tracked:
                    total += self.T * a.base_flow
            for j in self.processes:
                if j.site == here[0] and j.inputs.get(item, 0.0) > 0.0:
                    total += j.inputs[item] * min(self.T * j.capacity, self.wanted((j.site, j.output)))
        for a in within:
            if (a.origin, item) in pairs and (a.destination, item) in pairs:
                total /= self.approval(a)
        self._used[pair] = total
        return total

    def wanted(self, pair: Pair) -> float:
        """`used`; of an item of ours with a share limit what makes up the share as well, at all our sites."""
        share = self.max_share[pair[1]]
        if self.side[pair[0]] == "C" or not 0.0 < share < 1.0:
            return self.used(pair)
        return sum(self.used(p) for p in self.pairs["H"] if p[1] == pair[1]) / share

    def dispatched(self, lane: Lane) -> float:
        """The most that can be used of what a lane dispatches, goods refused included."""
        return self.wanted((lane.destination, lane.item)) / self.approval(lane)

    def lane_capacity(self, lane: Lane, t: int, share: float = 1.0) -> float:
        """cap_l(t) times the share that a contingency leaves, at most what can be used."""
        cap = lane.capacity(t)
        return 0.0 if cap == 0.0 or share == 0.0 else min(cap * share, self.dispatched(lane))

    def process_capacity(self, process: Process, share: float = 1.0) -> float:
        """Capacity times the share that a contingency leaves; infinite from what can be used on."""
        if share == 0.0:
            return 0.0
        most = process.capacity * share
        return most if most < self.wanted((process.site, process.output)) else INF

    def unavoidable(self) -> float:
        """Sum over the counterpart's pairs with sales of K max(0, T - supplied / Q)."""
        total = 0.0
        for pair in self.pairs["C"]:
            quantity, value = sales_of(self, pair)
            if quantity > 0.0:
                total += value * max(0.0, self.T - self.supplied(pair) / quantity)
        return total

    def _usual_costs(self, pair: Pair) -> list[float]:
        return [a.unit_cost for a in self.lanes if (a.destination, a.item) == pair and a.base_flow > 0]

    def replacement_cost(self, pair: Pair) -> float:
        """R(s,i): cheapest inbound unit_cost with base_flow > 0, else cheapest process with its inputs' R, else 0."""
        lanes = self._usual_costs(pair)
        if lanes:
            return min(lanes)
        site = pair[0]
        return min(
            (
                j.unit_cost + sum(q * self.replacement_cost((site, i)) for i, q in j.inputs.items())
                for j in self.processes
                if (j.site, j.output) == pair
            ),
            default=0.0,
        )

    def terminal_price(self, pair: Pair) -> float:
        """1.05 R(s,i) per unit missing from the target."""
        return 1.05 * self.replacement_cost(pair)

    def stockpile_cost(self, pair: Pair) -> float:
        """``stockpile_cost``, else 1.1 times the dearest inbound unit_cost with base_flow > 0, else 1.1 R."""
        lanes = self._usual_costs(pair)
        default = 1.1 * (max(lanes) if lanes else self.replacement_cost(pair))
        return _number(self.stocks.get(pair, {}), "stockpile_cost", default)

    def kernel(self, regime: str | None, policy: str, t: int) -> Kernel:
        """a_p(t, lag): all at lag 0 when open or outside [start_week, end_week), else delays times approval_rate."""
        if regime is None:
            return {0: 1.0}
        p = self.policies[regime][policy]
        if policy == OPEN or not p.start <= t < p.end:
            return {0: 1.0}
        return {lag: share * p.approval for lag, share in p.delays.items()}

    def arrived(self, regime: str | None, policy: str, t: int) -> float:
        """A_p(t) = sum over lags of a_p(t, lag)."""
        return sum(self.kernel(regime, policy, t).values())

    def waited(self, regime: str | None, policy: str, t: int) -> float:
        """H_p(t) = sum over lags of a_p(t, lag) * lag."""
        return sum(lag * share for lag, share in self.kernel(regime, policy, t).items())

    def scenarios(self) -> list[Scenario]:
        """None, every package, every contingency, in the order of their rows."""
        packages = [Scenario(package=name) for name in self.packages]
        return [NONE, *packages, *(Scenario(contingency=name) for name in self.contingencies)]

    def availability(self, scenario: Scenario, kind: str, name: str, t: int) -> float:
        """Share of a lane's or process's capacity left in week t of a scenario: the product over its rows."""
        share = 1.0
        for r in self.contingencies.get(scenario.contingency, []):
            if _text(r, kind) == name and _week(r, "from_week") <= t <= _week(r, "to_week", self.T - 1):
                share *= _number(r, "availability")
        return share

    def package_policy(self, scenario: Scenario, lane: Lane) -> str:
        """The policy a lane from the counterpart is under in a scenario; open unless a package says otherwise."""
        if lane.regime is None:
            return OPEN
        return self.packages.get(scenario.package, {}).get(lane.regime, OPEN)

    def our_policy(self, policies: Mapping[str, str], lane: Lane) -> str:
        """The policy a lane to the counterpart is under: the one chosen for our regime, else open."""
        if lane.regime in self.ours:
            return policies.get(str(lane.regime), OPEN)
        return OPEN

    def admin_cost(self, policies: Mapping[str, str]) -> float:
        """Sum of admin_cost of the chosen policies."""
        return sum(self.policies[g][policies.get(g, OPEN)].admin_cost for g in self.ours)

    def allowed(self, policies: Mapping[str, str]) -> bool:
        """Whether reviewer hours, political capital and the budget (for admin costs alone) allow the combination."""
        chosen = [self.policies[g][policies.get(g, OPEN)] for g in self.ours]
        return (
            _within(sum(p.reviewer_load for p in chosen), self.reviewer_hours)
            and _within(sum(p.political_cost for p in chosen), self.political_capital)
            and _within(sum(p.admin_cost for p in chosen), self.budget)
        )


def _within(used: float, limit: float) -> bool:
    return used <= limit + 1e-9 * max(1.0, abs(used))


# ---------------------------------------------------------------------------------------------------------------------
# Linear programs, one row at a time
# ---------------------------------------------------------------------------------------------------------------------


class Affine:
    """A constant plus a sum of coefficient * column."""

    def __init__(self, constant: float = 0.0) -> None:
        self.constant = constant
        self.terms: dict[int, float] = {}

    def add(self, coefficient: float, column: int) -> Affine:
        """Add ``coefficient * column``."""
        if coefficient != 0.0:
            self.terms[column] = self.terms.get(column, 0.0) + coefficient
        return self

    def plus(self, other: Affine, factor: float = 1.0) -> Affine:
        """Add ``factor * other``."""
        self.constant += factor * other.constant
        for column, coefficient in other.terms.items():
            self.add(factor * coefficient, column)
        return self

    def at(self, x: np.ndarray) -> float:
        """The value at a solution."""
        return self.constant + sum(coefficient * float(x[column]) for column, coefficient in self.terms.items())


class Program:
    """Columns with bounds and rows ``expression >= 0``."""

    def __init__(self) -> None:
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.integer: list[int] = []
        self.rows: list[Affine] = []

    def column(self, upper: float = INF, lower: float = 0.0, integer: bool = False) -> int:
        """A new column between its bounds."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(int(integer))
        return len(self.lower) - 1

    def nonnegative(self, expression: Affine) -> None:
        """A new row ``expression >= 0``."""
        self.rows.append(expression)

    def matrix(self) -> tuple[csr_matrix, np.ndarray]:
        """``A`` and ``b`` of ``A x >= b``."""
        entries = [(r, c, v) for r, row in enumerate(self.rows) for c, v in row.terms.items()]
        r, c, v = ([e[k] for e in entries] for k in range(3))
        matrix = csr_matrix((np.array(v, dtype=float), (r, c)), shape=(len(self.rows), len(self.lower)))
        return matrix, np.array([-row.constant for row in self.rows])

    def costs(self, objective: Affine) -> np.ndarray:
        """The objective's coefficients as an array."""
        c = np.zeros(len(self.lower))
        for column, coefficient in objective.terms.items():
            c[column] = coefficient
        return c

    def minimise(self, objective: Affine) -> np.ndarray | None:
        """The minimising columns, or None when there are none. Integers are exact: rounded, fixed, and solved again."""
        if not any(self.integer):
            return self._solve(objective, self.lower, self.upper, relaxed=True)
        x = self._solve(objective, self.lower, self.upper, relaxed=False)
        if x is None:
            return None
        lower, upper = list(self.lower), list(self.upper)
        for k, integer in enumerate(self.integer):
            if integer:
                lower[k] = upper[k] = float(round(x[k]))
        fixed = self._solve(objective, lower, upper, relaxed=True)
        if fixed is None:
            raise RuntimeError("the integer solution does not survive rounding")
        return fixed

    def _solve(self, objective: Affine, lower: list[float], upper: list[float], relaxed: bool) -> np.ndarray | None:
        matrix, right = self.matrix()
        for presolve in (True, False):
            result = milp(
                self.costs(objective),
                constraints=LinearConstraint(matrix, right, np.full(len(right), INF)),
                bounds=Bounds(np.array(lower), np.array(upper)),
                integrality=np.zeros(len(lower)) if relaxed else np.array(self.integer),
                options={"mip_rel_gap": 0.0, "presolve": presolve},
            )
            if result.status == 0:
                return np.asarray(result.x)
        if result.status == 2:
            return None
        raise RuntimeError(f"the solver stopped: {result.message}")


# ---------------------------------------------------------------------------------------------------------------------
# What both sides share: stocks, arrivals, processes, the end of the horizon
# ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Chain:
    """One side's columns in one scenario, and the net inflow of every pair by week (week T: after the horizon)."""

    ship: dict[tuple[str, int], int] = field(default_factory=dict)
    make: dict[tuple[str, int], int] = field(default_factory=dict)
    stock: dict[tuple[Pair, int], int] = field(default_factory=dict)
    fill: dict[tuple[Pair, int], int] = field(default_factory=dict)
    export_fill: dict[tuple[str, int], int] = field(default_factory=dict)
    slack: dict[tuple[str, int], int] = field(default_factory=dict)
    short_end: dict[Pair, int] = field(default_factory=dict)
    net: dict[tuple[Pair, int], Affine] = field(default_factory=dict)
    cost: Affine = field(default_factory=Affine)


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
            make = program.column(case.process_capacity(j, share))
            chain.make[j.id, t] = make
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
                stock = chain.stock[pair, t] = program.column(case.stock_capacity(pair))
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


# ---------------------------------------------------------------------------------------------------------------------
# The counterpart's response (section 3)
# ---------------------------------------------------------------------------------------------------------------------


def add_response(program: Program, case: Case, policies: Mapping[str, str]) -> Chain:
    """Columns, rows and cost of the counterpart's response to fixed policies.

    Only the chosen policy's dispatches have columns, which is the gate.
    """
    chain = Chain(net={(pair, t): Affine() for pair in case.pairs["C"] for t in range(case.T + 1)})
    for lane in case.inbound("C"):
        policy = case.our_policy(policies, lane)
        for t in range(case.T):
            chain.ship[lane.id, t] = program.column(case.lane_capacity(lane, t))
        add_arrivals(case, chain, lane, policy)
        add_shipping_cost(case, chain, lane, policy, 1.0)
        if case.side[lane.origin] == "C":
            add_internal_departures(case, chain, lane)
    add_processes(program, case, chain, "C", NONE, weighted=False)
    add_rationing(program, case, chain)
    add_balances(program, case, chain, "C", weighted=False, stockpile={})
    return chain


def exports_of(case: Case, pair: Pair) -> list[Lane]:
    """Lanes from a tracked pair of the counterpart to sites outside C: the ones its fill rations."""
    if pair not in case.tracked:
        return []
    return [a for a in case.lanes if (a.origin, a.item) == pair and case.side[a.destination] != "C"]


def sales_of(case: Case, pair: Pair) -> tuple[float, float]:
    """Q and K: demand and exports of a pair of the counterpart in a week, and what is lost if none is served."""
    demand, exports = case.demands.get(pair, {}), exports_of(case, pair)
    quantity = _number(demand, "quantity")
    total = quantity + sum(a.base_flow for a in exports)
    return total, quantity * _number(demand, "shortage_penalty") + sum(a.base_flow * a.margin for a in exports)


def add_rationing(program: Program, case: Case, chain: Chain) -> None:
    """One fill for everything that leaves the chain at a pair.

    Q = demand quantity + base flows of exports; K = quantity * shortage_penalty + the sum of their base_flow * margin.
    Q fill[t] leaves the balance, K (1 - fill[t]) is lost.
    """
    for pair in case.pairs["C"]:
        total, lost = sales_of(case, pair)
        if total <= 0.0:
            continue
        for t in range(case.T):
            fill = chain.fill[pair, t] = program.column(1.0)
            chain.net[pair, t].add(-total, fill)
            chain.cost.constant += lost
            chain.cost.add(-lost, fill)


@dataclass(frozen=True)
class ResponseLP:
    """The response as ``min c x + constant, A_ub x <= b_ub, bounds``, with its primal solution."""

    c: np.ndarray
    A_ub: csr_matrix
    b_ub: np.ndarray
    bounds: list[tuple[float, float | None]]
    constant: float
    x: np.ndarray
    value: float
    chain: Chain


def response_lp(settings: Settings, tables: Tables, policies: Mapping[str, str]) -> ResponseLP:
    """The counterpart's response to fixed policies, as matrices and solved.

    The least cost is ``c @ x + constant``; ``bounds`` hold the capacities (None: unbounded above), rows are all ``<=``.
    """
    return _response_lp(Case(settings, tables), policies)


def _response_lp(case: Case, policies: Mapping[str, str]) -> ResponseLP:
    program = Program()
    chain = add_response(program, case, policies)
    matrix, right = program.matrix()
    c, A_ub, b_ub = program.costs(chain.cost), -matrix, -right
    bounds = [(lo, None if up == INF else up) for lo, up in zip(program.lower, program.upper, strict=True)]
    if not bounds:
        return ResponseLP(c, A_ub, b_ub, bounds, chain.cost.constant, np.zeros(0), chain.cost.constant, chain)
    result = linprog(c, A_ub=A_ub, b_ub=b_ub, bounds=bounds, method="highs")
    if result.status != 0:
        raise RuntimeError(f"a response always exists, but the solver says: {result.message}")
    x = np.asarray(result.x)
    return ResponseLP(c, A_ub, b_ub, bounds, chain.cost.constant, x, chain.cost.at(x), chain)


def response_cost(settings: Settings, tables: Tables, policies: Mapping[str, str]) -> float:
    """V(k): the counterpart's least cost under the policies; regimes not named are open."""
    return response_lp(settings, tables, policies).value


def hold_at_least_cost(program: Program, case: Case, response: Chain, least: float, slack: float) -> None:
    """cost of the response <= V + slack (V - what cannot be avoided), and 100 slack in money."""
    room = slack * max(least - case.unavoidable(), 100.0)
    program.nonnegative(Affine(least + room).plus(response.cost, -1.0))


# ---------------------------------------------------------------------------------------------------------------------
# Our side (section 4)
# ---------------------------------------------------------------------------------------------------------------------


@dataclass
class FirstStage:
    """Columns of the choices all scenarios share. Without a column a lane stays closed and nothing is stockpiled."""

    qualify: dict[str, int] = field(default_factory=dict)
    stockpile: dict[Pair, int] = field(default_factory=dict)
    fixed_costs: Affine = field(default_factory=Affine)
    stockpile_costs: Affine = field(default_factory=Affine)


def add_first_stage(
    program: Program, case: Case, qualified: Collection[str] | None, stockpile: Mapping[Pair, float] | None
) -> FirstStage:
    """qualify[l] in {0, 1} for lanes with a fixed_cost, stockpile[s,i] <= stockpile_max; either may be given."""
    first = FirstStage()
    for lane in case.inbound("H"):
        if lane.fixed_cost > 0.0:
            low, high = (0.0, 1.0) if qualified is None else (float(lane.id in qualified),) * 2
            first.qualify[lane.id] = program.column(high, low, integer=True)
            first.fixed_costs.add(lane.fixed_cost, first.qualify[lane.id])
    for pair, row in case.stocks.items():
        most = _number(row, "stockpile_max")
        if case.side[pair[0]] == "H" and most > 0.0:
            low, high = (0.0, min(most, case.used(pair))) if stockpile is None else (stockpile.get(pair, 0.0),) * 2
            first.stockpile[pair] = program.column(high, low)
            first.stockpile_costs.add(case.stockpile_cost(pair), first.stockpile[pair])
    return first


def add_ours(
    program: Program,
    case: Case,
    response: Chain,
    policies: Mapping[str, str],
    scenario: Scenario,
    first: FirstStage,
) -> Chain:
    """Our operations in one scenario; ``cost`` of the result is W(scenario)."""
    chain = Chain(net={(pair, t): Affine() for pair in case.pairs["H"] for t in range(case.T + 1)})
    for lane in case.inbound("H"):
        add_our_supply(program, case, response, chain, scenario, first, lane)
    add_processes(program, case, chain, "H", scenario, weighted=True)
    add_exports_to_counterpart(program, case, response, chain, policies)
    add_exports_to_others(program, case, chain)
    add_our_demands(program, case, chain)
    add_balances(program, case, chain, "H", weighted=True, stockpile=first.stockpile)
    return chain


def add_our_supply(
    program: Program, case: Case, response: Chain, chain: Chain, scenario: Scenario, first: FirstStage, lane: Lane
) -> None:
    """A lane that ends on our side.

    ship <= cap * availability; times qualify where there is a fixed cost. From the counterpart also
    ship <= base_flow * fillC * availability (fillC is 1 at an untracked origin), arriving by the package's kernel.
    From another of our parties the origin earns margin * its weight.
    """
    origin = case.side[lane.origin]
    policy = case.package_policy(scenario, lane) if origin == "C" else OPEN
    for t in range(case.T):
        share = case.availability(scenario, "lane", lane.id, t)
        cap = case.lane_capacity(lane, t, share)
        if lane.fixed_cost > 0.0:
            ship = program.column(cap if lane.id in first.qualify else 0.0)
            if lane.id in first.qualify:
                program.nonnegative(Affine().add(cap, first.qualify[lane.id]).add(-1.0, ship))
        else:
            ship = program.column(cap)
        chain.ship[lane.id, t] = ship
        if origin == "C":
            yielded = yield_of(case, response, lane, t)
            program.nonnegative(Affine().plus(yielded, lane.base_flow * share).add(-1.0, ship))
        if origin == "H" and case.party[lane.origin] != case.party[lane.destination]:
            chain.cost.add(-case.weight[lane.origin] * lane.margin, ship)
    add_arrivals(case, chain, lane, policy)
    add_shipping_cost(case, chain, lane, policy, case.weight[lane.destination])
    if origin == "H":
        add_internal_departures(case, chain, lane)


def yield_of(case: Case, response: Chain, lane: Lane, t: int) -> Affine:
    """fillC[origin, item, t] of a lane from the counterpart; 1 at an untracked origin."""
    column = response.fill.get(((lane.origin, lane.item), t))
    return Affine().add(1.0, column) if case.is_tracked(lane) and column is not None else Affine(1.0)


def add_exports_to_counterpart(
    program: Program, case: Case, response: Chain, chain: Chain, policies: Mapping[str, str]
) -> None:
    """Exports leave a tracked origin as the counterpart orders them, less a slack: 0 <= slack <= ordered.

    The origin's party earns margin * A_p * ordered; the slack costs 10 max(margin, unit_cost). Both carry its weight.
    """
    for lane in case.inbound("C"):
        if case.side[lane.origin] != "H":
            continue
        policy, weight = case.our_policy(policies, lane), case.weight[lane.origin]
        for t in range(case.T):
            ordered = response.ship[lane.id, t]
            chain.cost.add(-weight * lane.margin * case.arrived(lane.regime, policy, t), ordered)
            if case.is_tracked(lane):
                slack = chain.slack[lane.id, t] = program.column()
                program.nonnegative(Affine().add(1.0, ordered).add(-1.0, slack))
                chain.cost.add(weight * 10.0 * max(lane.margin, lane.unit_cost), slack)
                chain.net[(lane.origin, lane.item), t].add(-1.0, ordered).add(1.0, slack)


def add_exports_to_others(program: Program, case: Case, chain: Chain) -> None:
    """base_flow * fill leaves a tracked origin; margin * base_flow * (1 - fill) is lost, with the origin's weight."""
    for lane in case.lanes:
        if case.side[lane.origin] != "H" or case.side[lane.destination] != "O" or not case.is_tracked(lane):
            continue
        lost = case.weight[lane.origin] * lane.margin * lane.base_flow
        for t in range(case.T):
            fill = chain.export_fill[lane.id, t] = program.column(1.0)
            chain.net[(lane.origin, lane.item), t].add(-lane.base_flow, fill)
            chain.cost.constant += lost
            chain.cost.add(-lost, fill)


def add_our_demands(program: Program, case: Case, chain: Chain) -> None:
    """quantity * fill leaves the pair; quantity * shortage_penalty * (1 - fill) is lost, with the site's weight."""
    for pair, row in case.demands.items():
        quantity = _number(row, "quantity")
        if case.side[pair[0]] != "H" or quantity <= 0.0:
            continue
        lost = case.weight[pair[0]] * quantity * _number(row, "shortage_penalty")
        for t in range(case.T):
            fill = chain.fill[pair, t] = program.column(1.0)
            chain.net[pair, t].add(-quantity, fill)
            chain.cost.constant += lost
            chain.cost.add(-lost, fill)


def require_continuity(program: Program, case: Case, chain: Chain) -> None:
    """Mean over weeks of fill >= min_fill, fill[t] >= min_fill_week. A demand of quantity 0 has fill 1."""
    for pair, row in case.demands.items():
        if (pair, 0) not in chain.fill:
            continue
        mean = Affine(-_number(row, "min_fill"))
        for t in range(case.T):
            mean.add(1.0 / case.T, chain.fill[pair, t])
            program.nonnegative(Affine(-_number(row, "min_fill_week")).add(1.0, chain.fill[pair, t]))
        program.nonnegative(mean)


def require_spread(program: Program, case: Case, chain: Chain) -> None:
    """Concentration, for the operations of scenario none.

    Dispatches of an item to our side from one party not on it <= max_party_share * (dispatches of the item from all
    parties not on our side + our production of it), summed over weeks and sites.
    """
    for item, share in case.max_share.items():
        if share >= 1.0:
            continue
        foreign = [a for a in case.inbound("H") if a.item == item and case.side[a.origin] != "H"]
        allowed = Affine()
        for t in range(case.T):
            for lane in foreign:
                allowed.add(share, chain.ship[lane.id, t])
            for j in case.processes:
                if j.output == item and case.side[j.site] == "H":
                    allowed.add(share, chain.make[j.id, t])
        for party in sorted({case.party[a.origin] for a in foreign}):
            row = Affine().plus(allowed)
            for lane in foreign:
                if case.party[lane.origin] == party:
                    for t in range(case.T):
                        row.add(-1.0, chain.ship[lane.id, t])
            program.nonnegative(row)


def require_budget(program: Program, case: Case, first: FirstStage, policies: Mapping[str, str]) -> None:
    """Fixed costs + stockpile + admin <= budget."""
    if case.budget < INF:
        row = Affine(case.budget - case.admin_cost(policies))
        row.constant = 0.0 if abs(row.constant) < 1e-9 else row.constant
        program.nonnegative(row.plus(first.fixed_costs, -1.0).plus(first.stockpile_costs, -1.0))


def retaliation_loss(case: Case, response: Chain, scenario: Scenario) -> Affine:
    """What a package costs the counterpart: its cost, and the margin on what it refuses.

    margin * (1 - A_p(t)) * base_flow * fill[t] over lanes under the package's regimes from C to sites outside C.
    """
    loss = Affine(case.package_cost.get(scenario.package, 0.0))
    for lane in case.lanes:
        if case.side[lane.origin] == "C" and case.side[lane.destination] != "C":
            policy = case.package_policy(scenario, lane)
            for t in range(case.T):
                refused = 1.0 - case.arrived(lane.regime, policy, t)
                loss.plus(yield_of(case, response, lane, t), lane.margin * refused * lane.base_flow)
    return loss


# ---------------------------------------------------------------------------------------------------------------------
# The planner's problem (section 5)
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Details:
    """What stands behind a leverage: first-stage choices; per scenario, both losses and the fills of our demands."""

    leverage: float
    worst_package: str
    qualified: list[str]
    stockpile: dict[Pair, float]
    counterpart_loss: dict[str, float]
    own_loss: dict[str, float]
    fill: dict[str, dict[Pair, list[float]]]
    counterpart_fill: dict[Pair, list[float]]


@dataclass(frozen=True)
class OracleAnswer:
    """The best combination and the value of every other one the limits allow.

    ``leverage`` is None when no combination is feasible. Keys of ``values`` and ``response_cost`` are policy tuples in
    the order of ``regimes``. ``worst_package`` is ``none`` or a package.
    """

    leverage: float | None
    policies: dict[str, str]
    qualified: list[str]
    stockpile: dict[Pair, float]
    values: dict[tuple[str, ...], float | None]
    response_cost: dict[tuple[str, ...], float]
    sourcing_only: float | None
    status_quo_cost: float
    worst_package: str | None
    regimes: tuple[str, ...]
    details: Details | None


def status_quo_cost(settings: Settings, tables: Tables, *, slack: float = SLACK) -> float:
    """W of the status quo: all open, nothing qualified or stockpiled, scenario none, a kind response, no limits."""
    case = Case(settings, tables)
    return _status_quo_cost(case, _response_lp(case, {}).value, slack)


def _status_quo_cost(case: Case, least: float, slack: float) -> float:
    program = Program()
    response = add_response(program, case, {})
    hold_at_least_cost(program, case, response, least, slack)
    ours = add_ours(program, case, response, {}, NONE, FirstStage())
    if not program.lower:
        return ours.cost.constant
    x = program.minimise(ours.cost)
    if x is None:
        raise RuntimeError("the status quo always exists")
    return ours.cost.at(x)


def best_for(
    settings: Settings,
    tables: Tables,
    policies: Mapping[str, str],
    *,
    qualified: Collection[str] | None = None,
    stockpile: Mapping[Pair, float] | None = None,
    limits: bool = True,
    slack: float = SLACK,
) -> tuple[float | None, Details | None]:
    """The best leverage under fixed policies (regimes not named are open), with what stands behind it.

    Parameters
    ----------
    qualified, stockpile
        Fix these first-stage choices instead of optimising them.
    limits
        False leaves out budget, reviewer hours, political capital, continuity and concentration: what a choice leads
        to, whether it is allowed or not.
    slack
        How far above V, relative and absolute, a response still counts as least-cost.

    Returns
    -------
    tuple
        (leverage, details), or (None, None) when the limits allow nothing.
    """
    case = Case(settings, tables)
    least_open = _response_lp(case, {}).value
    least = _response_lp(case, policies).value
    own_open = _status_quo_cost(case, least_open, slack)
    return _best_for(case, policies, least, least_open, own_open, slack, True, qualified, stockpile, limits)


def _best_for(
    case: Case,
    policies: Mapping[str, str],
    least: float,
    least_open: float,
    own_open: float,
    slack: float,
    explain: bool = False,
    qualified: Collection[str] | None = None,
    stockpile: Mapping[Pair, float] | None = None,
    limits: bool = True,
) -> tuple[float | None, Details | None]:
    """Maximise z, z <= leverage in scenario none and (objective worst) in every package.

    leverage = [V(k) - V(open) + the package's cost + refused margin]
    - [W - W(status quo) + fixed costs + stockpile cost + admin costs].
    """
    if limits and not case.allowed(policies):
        return None, None
    program = Program()
    response = add_response(program, case, policies)
    hold_at_least_cost(program, case, response, least, slack)
    first = add_first_stage(program, case, qualified, stockpile)
    if limits:
        require_budget(program, case, first, policies)
    chains: dict[Scenario, Chain] = {}
    for scenario in case.scenarios():
        chains[scenario] = add_ours(program, case, response, policies, scenario, first)
        if limits:
            require_continuity(program, case, chains[scenario])
    if limits:
        require_spread(program, case, chains[NONE])

    inflicted: dict[Scenario, Affine] = {}
    suffered: dict[Scenario, Affine] = {}
    for scenario in case.scenarios():
        if not scenario.contingency:
            inflicted[scenario] = Affine(least - least_open).plus(retaliation_loss(case, response, scenario))
            suffered[scenario] = Affine(case.admin_cost(policies) - own_open).plus(chains[scenario].cost)
            suffered[scenario].plus(first.fixed_costs).plus(first.stockpile_costs)
    judged = list(inflicted) if case.worst else [NONE]
    z = program.column(lower=-INF)
    for scenario in judged:
        program.nonnegative(Affine().plus(inflicted[scenario]).plus(suffered[scenario], -1.0).add(-1.0, z))
        if limits and case.own_loss < INF:
            program.nonnegative(Affine(case.own_loss).plus(suffered[scenario], -1.0))
    x = program.minimise(Affine().add(-1.0, z))
    if x is None:
        return None, None
    leverage = float(x[z]) + 0.0
    if not explain:
        return leverage, None

    # Scenarios that are not the worst may have been operated badly: hold all that is shared and tidy them up.
    shared = len(response_columns(response)) + len(first.qualify) + len(first.stockpile)
    for column in range(shared):
        program.lower[column] = program.upper[column] = float(x[column])
        program.integer[column] = 0
    program.lower[z] = leverage - 1e-7 * max(1.0, abs(leverage))
    total = Affine()
    for chain in chains.values():
        total.plus(chain.cost)
    tidy = program.minimise(total)
    x = x if tidy is None else tidy
    net = {scenario: inflicted[scenario].at(x) - suffered[scenario].at(x) for scenario in judged}
    lowest = min(net.values())
    worst = next(scenario for scenario in judged if net[scenario] <= lowest + 1e-7 * max(1.0, abs(lowest)))
    details = Details(
        leverage=leverage,
        worst_package=worst.name,
        qualified=[lane for lane, column in first.qualify.items() if x[column] > 0.5],
        stockpile={pair: float(x[column]) for pair, column in first.stockpile.items()},
        counterpart_loss={scenario.name: loss.at(x) for scenario, loss in inflicted.items()},
        own_loss={scenario.name: loss.at(x) for scenario, loss in suffered.items()},
        fill={scenario.name: _fills(chain, x) for scenario, chain in chains.items()},
        counterpart_fill=_fills(response, x),
    )
    return leverage, details


def response_columns(response: Chain) -> list[int]:
    """Every column of a response, in order; they come first in a program."""
    groups: Iterable[Iterable[int]] = (
        response.ship.values(),
        response.make.values(),
        response.stock.values(),
        response.fill.values(),
        response.short_end.values(),
    )
    return sorted(itertools.chain.from_iterable(groups))


def _fills(chain: Chain, x: np.ndarray) -> dict[Pair, list[float]]:
    fills: dict[Pair, list[float]] = {}
    for (pair, _), column in sorted(chain.fill.items()):
        fills.setdefault(pair, []).append(float(x[column]))
    return fills


def combinations(settings: Settings, tables: Tables) -> list[dict[str, str]]:
    """Every combination of our policies that the limits allow, open first, rows in order, the last regime fastest."""
    return _combinations(Case(settings, tables))


def _combinations(case: Case) -> list[dict[str, str]]:
    menus = [list(case.policies[g]) for g in case.ours]
    every = (dict(zip(case.ours, choice, strict=True)) for choice in itertools.product(*menus))
    return [policies for policies in every if case.allowed(policies)]


def oracle(settings: Settings, tables: Tables, *, slack: float = SLACK) -> OracleAnswer:
    """The answer by enumeration.

    Among combinations equal to 1e-7 the one with the fewest policies other than open counts as best, then the first.
    """
    case = Case(settings, tables)
    least_open = _response_lp(case, {}).value
    own_open = _status_quo_cost(case, least_open, slack)
    values: dict[tuple[str, ...], float | None] = {}
    costs: dict[tuple[str, ...], float] = {}
    for policies in _combinations(case):
        key = tuple(policies.values())
        costs[key] = _response_lp(case, policies).value
        values[key] = _best_for(case, policies, costs[key], least_open, own_open, slack)[0]

    feasible = {key: value for key, value in values.items() if value is not None}
    regimes = tuple(case.ours)
    sourcing_only = values[tuple(OPEN for _ in regimes)]
    if not feasible:
        return OracleAnswer(None, {}, [], {}, values, costs, None, own_open, None, regimes, None)
    top = max(feasible.values())
    ties = [key for key, value in feasible.items() if value >= top - 1e-7 * max(1.0, abs(top))]
    best = min(ties, key=lambda key: sum(policy != OPEN for policy in key))
    policies = dict(zip(regimes, best, strict=True))
    details = _best_for(case, policies, costs[best], least_open, own_open, slack, explain=True)[1]
    assert details is not None
    return OracleAnswer(
        leverage=top,
        policies=policies,
        qualified=details.qualified,
        stockpile=details.stockpile,
        values=values,
        response_cost=costs,
        sourcing_only=sourcing_only,
        status_quo_cost=own_open,
        worst_package=details.worst_package,
        regimes=regimes,
        details=details,
    )
