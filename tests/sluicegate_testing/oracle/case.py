"""A case as the oracle reads it: tables as objects, with what follows from them directly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Settings = Mapping[str, Any]
Tables = Mapping[str, list[dict[str, Any]]]
Pair = tuple[str, str]
Kernel = dict[int, float]

INF = math.inf
OPEN = "open"


def _empty(row: Mapping[str, Any], column: str) -> bool:
    return row.get(column) is None or row[column] == ""


def number_of(row: Mapping[str, Any], column: str, default: float = 0.0) -> float:
    return default if _empty(row, column) else float(row[column])


def week_of(row: Mapping[str, Any], column: str, default: int = 0) -> int:
    return default if _empty(row, column) else int(row[column])


def text_of(row: Mapping[str, Any], column: str) -> str | None:
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
    """A package, a contingency, or neither: scenario none.

    ``start`` is the start week of a contingency that names several.
    """

    package: str = ""
    contingency: str = ""
    start: int | None = None

    @property
    def name(self) -> str:
        name = self.package or self.contingency or "none"
        return name if self.start is None else f"{name}@{self.start}"


@dataclass(frozen=True)
class Outage:
    """A row of ``contingencies``: a span of weeks from each of its start weeks."""

    lane: str | None
    process: str | None
    starts: tuple[int, ...]
    duration: int | None
    to_week: int | None
    availability: float
    notice: int

    def acts(self, t: int, start: int) -> bool:
        """Whether it acts in week t when it starts in week ``start``; without an end it stays."""
        if self.duration is not None:
            return start <= t < start + self.duration
        return start <= t and (self.to_week is None or t <= self.to_week)


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


def _starts(value: Any) -> tuple[int, ...]:
    """``4`` or ``4;16;28``, each week once."""
    weeks = [int(float(piece)) for piece in str(value).split(";") if piece.strip()]
    return tuple(dict.fromkeys(weeks))


class Case:
    """The tables as objects, with what follows from them directly."""

    def __init__(self, settings: Settings, tables: Tables) -> None:
        def rows(name: str) -> list[dict[str, Any]]:
            return list(tables.get(name) or [])

        self.T = int(settings["horizon"]["weeks"])
        limits: Mapping[str, Any] = settings.get("limits") or {}
        self.budget = number_of(limits, "budget", INF)
        self.reviewer_hours = number_of(limits, "reviewer_hours", INF)
        self.political_capital = number_of(limits, "political_capital", INF)
        self.own_loss = number_of(limits, "own_loss", INF)
        self.worst = ((settings.get("objective") or {}).get("scenario") or "worst") == "worst"

        sides = {"focal": "H", "ally": "H", "counterpart": "C", "other": "O"}
        self.party_side = {str(r["party"]): sides[str(r["role"])] for r in rows("parties")}
        party_weight = {str(r["party"]): number_of(r, "loss_weight", 1.0) for r in rows("parties")}
        self.party = {str(r["site"]): str(r["party"]) for r in rows("sites")}
        self.side = {site: self.party_side[party] for site, party in self.party.items()}
        self.weight = {site: party_weight[party] for site, party in self.party.items()}
        self.holding = {str(r["item"]): number_of(r, "holding_cost") for r in rows("items")}
        self.max_share = {str(r["item"]): number_of(r, "max_party_share", 1.0) for r in rows("items")}
        self.stocks = {(str(r["site"]), str(r["item"])): r for r in rows("stocks")}
        self.demands = {(str(r["site"]), str(r["item"])): r for r in rows("demands")}
        self.lanes = [
            Lane(
                id=str(r["lane"]),
                item=str(r["item"]),
                origin=str(r["origin"]),
                destination=str(r["destination"]),
                lead=week_of(r, "lead_weeks"),
                unit_cost=number_of(r, "unit_cost"),
                base_flow=number_of(r, "base_flow"),
                max_flow=number_of(r, "max_flow"),
                available_week=week_of(r, "available_week"),
                ramp_weeks=week_of(r, "ramp_weeks"),
                margin=number_of(r, "margin"),
                fixed_cost=number_of(r, "fixed_cost"),
                regime=text_of(r, "regime"),
            )
            for r in rows("lanes")
        ]
        recipes: dict[str, dict[str, float]] = {}
        for r in rows("recipes"):
            recipes.setdefault(str(r["process"]), {})[str(r["input"])] = number_of(r, "quantity")
        self.processes = [
            Process(
                id=str(r["process"]),
                site=str(r["site"]),
                output=str(r["output"]),
                capacity=number_of(r, "capacity", INF),
                unit_cost=number_of(r, "unit_cost"),
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
                approval=number_of(r, "approval_rate", 1.0),
                start=week_of(r, "start_week"),
                end=number_of(r, "end_week", INF),
                admin_cost=number_of(r, "admin_cost"),
                reviewer_load=number_of(r, "reviewer_load"),
                political_cost=number_of(r, "political_cost"),
            )
        self.packages: dict[str, dict[str, str]] = {}
        self.package_cost: dict[str, float] = {}
        self.package_notice: dict[str, dict[str, int]] = {}
        for r in rows("retaliations"):
            name = str(r["package"])
            self.packages.setdefault(name, {})[str(r["regime"])] = str(r["policy"])
            self.package_notice.setdefault(name, {})[str(r["regime"])] = week_of(r, "notice_weeks")
            self.package_cost[name] = self.package_cost.get(name, 0.0) + number_of(r, "cost")
        self.contingencies: dict[str, list[Outage]] = {}
        for r in rows("contingencies"):
            self.contingencies.setdefault(str(r["contingency"]), []).append(
                Outage(
                    lane=text_of(r, "lane"),
                    process=text_of(r, "process"),
                    starts=_starts(r["from_week"]),
                    duration=None if _empty(r, "duration_weeks") else week_of(r, "duration_weeks"),
                    to_week=None if _empty(r, "to_week") else week_of(r, "to_week"),
                    availability=number_of(r, "availability"),
                    notice=week_of(r, "notice_weeks"),
                )
            )
        for name, outages in self.contingencies.items():
            if len({o.starts for o in outages}) > 1 and any(len(o.starts) > 1 for o in outages):
                raise ValueError(f"contingency {name}: where it has several start weeks, all its rows name the same")

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
        return number_of(self.stocks.get(pair, {}), "initial")

    def stock_capacity(self, pair: Pair) -> float:
        """Most stock at the end of a week; infinite without a row, and from what can be used of it on."""
        capacity = number_of(self.stocks.get(pair, {}), "capacity", INF)
        return capacity if capacity < self.used(pair) else INF

    def terminal_target(self, pair: Pair) -> float:
        """``terminal_target`` (default: the initial stock) + sum over inbound lanes of base_flow * lead.

        Goods of the pipeline that arrive at T or later count as position on either side. At most what can be there.
        """
        target = number_of(self.stocks.get(pair, {}), "terminal_target", self.initial(pair))
        late = sum(a.base_flow * max(0, a.lead - self.T) for a in self.lanes if (a.destination, a.item) == pair)
        target += sum(a.base_flow * a.lead for a in self.lanes if (a.destination, a.item) == pair)
        return min(target, self.supplied(pair) + late)

    # -- large numbers: what can be there of an item, and what can be used of it --------------------------------------

    def supplied(self, pair: Pair) -> float:
        """Initial + stockpile_max (ours) + pipeline within T + all that inbound lanes and processes can bring."""
        total = self.initial(pair)
        if self.side[pair[0]] == "H":
            total += number_of(self.stocks.get(pair, {}), "stockpile_max")
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
            total += self.terminal_target(here) + self.T * number_of(self.demands.get(here, {}), "quantity")
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
        return number_of(self.stocks.get(pair, {}), "stockpile_cost", default)

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
        """None, every package, every contingency (at each of its start weeks), in the order of their rows."""
        found = [NONE, *(Scenario(package=name) for name in self.packages)]
        for name, outages in self.contingencies.items():
            starts = outages[0].starts
            if len(starts) > 1:
                found += [Scenario(contingency=name, start=start) for start in starts]
            else:
                found.append(Scenario(contingency=name))
        return found

    def reveal(self, scenario: Scenario) -> int:
        """r(s) = max(0, least over the scenario's rows of the first week it acts - notice_weeks).

        At most T, where everything is as in none. A policy ``open`` never acts.
        """
        if scenario.contingency:
            first = [self._start(o, scenario) - o.notice for o in self.contingencies[scenario.contingency]]
        else:
            first = [
                self.policies[regime][policy].start - self.package_notice[scenario.package][regime]
                for regime, policy in self.packages.get(scenario.package, {}).items()
                if policy != OPEN
            ]
        return max(0, min([*first, self.T]))

    @staticmethod
    def _start(outage: Outage, scenario: Scenario) -> int:
        return outage.starts[0] if scenario.start is None else scenario.start

    def availability(self, scenario: Scenario, kind: str, name: str, t: int) -> float:
        """Share of a lane's or process's capacity left in week t of a scenario: the product over its rows."""
        share = 1.0
        for o in self.contingencies.get(scenario.contingency, []):
            hit = o.lane if kind == "lane" else o.process
            if hit == name and o.acts(t, self._start(o, scenario)):
                share *= o.availability
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
