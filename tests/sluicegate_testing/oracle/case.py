"""A case as the oracle reads it: tables as objects, with what follows from them directly."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .features import Features, variants

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
    min_flow: float
    freight: float = 0.0
    duty: float = 0.0

    @property
    def landed(self) -> float:
        """unit_cost (1 + duty) + freight."""
        return self.freight + self.unit_cost + self.duty * self.unit_cost

    def capacity(self, t: int, ready: int | None = None) -> float:
        """cap_l(t) = max_flow * min(1, (t - available_week + 1) / (ramp_weeks + 1)) from available_week on, else 0.

        Before a policy or an outage leaves a share of it, and before it is cut to what can be used.
        """
        ready = self.available_week if ready is None else ready
        if t < ready:
            return 0.0
        return self.max_flow * min(1.0, (t - ready + 1) / (self.ramp_weeks + 1))


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
    """A row of ``policies``; delays are normalised to mass 1. ``approval`` limits what may be dispatched."""

    delays: Kernel
    approval: float
    start: int
    end: float
    admin_cost: float
    reviewer_load: float
    political_cost: float
    surge: float = 0.0
    applicant_cost: float = 0.0
    ally_benefit: float = 0.0


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
    """The tables as objects, with what follows from them directly.

    ``features`` holds what goes beyond the plain case; by default it is read from the tables too.
    """

    def __init__(self, settings: Settings, tables: Tables, features: Features | None = None) -> None:
        def rows(name: str) -> list[dict[str, Any]]:
            return list(tables.get(name) or [])

        self.features = features = Features.read(settings, tables) if features is None else features
        self.T = int(settings["horizon"]["weeks"])
        self.terminal_premium = number_of(settings["horizon"], "terminal_premium", 0.05)
        limits: Mapping[str, Any] = settings.get("limits") or {}
        self.budget = number_of(limits, "budget", INF)
        self.stockpile_value = number_of(limits, "stockpile_value", INF)
        self.reviewer_hours = number_of(limits, "reviewer_hours", INF)
        self.political_capital = number_of(limits, "political_capital", INF)
        self.own_loss = number_of(limits, "own_loss", INF)
        self.worst = ((settings.get("objective") or {}).get("scenario") or "worst") == "worst"
        self.cost = features.sense == "cost"

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
                min_flow=number_of(r, "min_flow"),
                freight=number_of(r, "freight"),
                duty=number_of(r, "duty"),
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
            key = (str(r["regime"]), str(r["policy"]))
            for name, end in variants(r):
                self.policies[key[0]][name] = Policy(
                    delays=_delays(r["delay_weeks"]),
                    approval=number_of(r, "approval_rate", 1.0),
                    start=week_of(r, "start_week"),
                    end=end,
                    admin_cost=number_of(r, "admin_cost"),
                    reviewer_load=number_of(r, "reviewer_load"),
                    political_cost=number_of(r, "political_cost"),
                    surge=features.surge.get(key, 0.0),
                    applicant_cost=features.applicant_cost.get(key, 0.0),
                    ally_benefit=features.ally_benefit.get(key, 0.0),
                )
        self.packages: dict[str, dict[str, str]] = {}
        self.package_cost: dict[str, float] = {}
        self.package_notice: dict[str, dict[str, int]] = {}
        for r in rows("retaliations"):
            name = str(r["package"])
            self.packages.setdefault(name, {})[str(r["regime"])] = str(r["policy"])
            self.package_notice.setdefault(name, {})[str(r["regime"])] = week_of(r, "notice_weeks")
            self.package_cost[name] = self.package_cost.get(name, 0.0) + number_of(r, "cost")
        for name, chosen in self.packages.items():
            for regime, policy in chosen.items():
                if policy not in self.policies[regime]:
                    raise ValueError(f"package {name}: {regime} has no policy {policy} with one end")
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

        for lane in self.lanes:
            if features.min_share.get(lane.id, 0.0) > 0.0 and lane.max_flow == INF:
                raise ValueError(f"lane {lane.id}: a share of a capacity without limit")
            if lane.id in features.qualification and (self.side[lane.origin], self.side[lane.destination]) not in (
                ("O", "H"),
                ("H", "H"),
            ):
                raise ValueError(f"lane {lane.id}: a qualification has no place there")

        self.tracked: set[Pair] = {p for p in self.stocks if self.side[p[0]] != "O"}
        self.tracked |= {(j.site, j.output) for j in self.processes if self.side[j.site] != "O"}
        self.tracked |= {(a.destination, a.item) for a in self.lanes if self.side[a.destination] != "O"}
        self._used: dict[Pair, float] = {}
        named = self.tracked | set(self.demands) | {(j.site, i) for j in self.processes for i in j.inputs}
        self.pairs = {side: sorted(p for p in named if self.side[p[0]] == side) for side in ("H", "C")}

    # -- figures of a week ------------------------------------------------------------------------------------------

    def base_flow(self, lane: Lane, t: int) -> float:
        """base_flow(t), by its profile."""
        return lane.base_flow * self.features.factor("lanes", lane.id, "base_flow", t)

    def unit_cost(self, lane: Lane, t: int) -> float:
        """What a dispatch of week t costs a unit: unit_cost(t), by its profile, with duty on it, and freight."""
        price = lane.unit_cost * self.features.factor("lanes", lane.id, "unit_cost", t)
        return price + lane.duty * price + lane.freight

    def order_cost(self, lane: Lane, t: int) -> float:
        """What an order of week t costs, whatever its size: order_cost(t), by its profile."""
        return self.features.order_cost.get(lane.id, 0.0) * self.features.factor("lanes", lane.id, "order_cost", t)

    def capacity(self, lane: Lane, t: int) -> float:
        """cap_l(t), from the week the lane is ready on, by the profile of max_flow."""
        return _part(lane.capacity(t, self.ready(lane)), self.features.factor("lanes", lane.id, "max_flow", t))

    def making(self, process: Process, t: int) -> float:
        """capacity(t) of a process, by its profile."""
        return _part(process.capacity, self.features.factor("processes", process.id, "capacity", t))

    def demand(self, pair: Pair, t: int) -> float:
        """quantity(t) of a demand, by its profile; 0 without one."""
        plain = number_of(self.demands.get(pair, {}), "quantity")
        return plain * self.features.factor("demands", "/".join(pair), "quantity", t)

    def penalty(self, pair: Pair, t: int) -> float:
        """shortage_penalty(t) of a demand, by its profile."""
        plain = number_of(self.demands.get(pair, {}), "shortage_penalty")
        return plain * self.features.factor("demands", "/".join(pair), "shortage_penalty", t)

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
        """``terminal_target`` (default: the initial stock) + sum over inbound lanes of base_flow(T - 1) * lead.

        Goods of the pipeline that arrive at T or later count as position on either side. At most what can be there.
        """
        target = number_of(self.stocks.get(pair, {}), "terminal_target", self.initial(pair))
        late = sum(a.base_flow * max(0, a.lead - self.T) for a in self.lanes if (a.destination, a.item) == pair)
        target += sum(self.base_flow(a, self.T - 1) * a.lead for a in self.lanes if (a.destination, a.item) == pair)
        return min(target, self.supplied(pair) + late)

    # -- large numbers: what can be there of an item, and what can be used of it --------------------------------------

    def supplied(self, pair: Pair) -> float:
        """Initial + stockpile_max (ours) + pipeline within T + all that inbound lanes and processes can bring."""
        total = self.initial(pair)
        if self.side[pair[0]] == "H":
            total += number_of(self.stocks.get(pair, {}), "stockpile_max")
        for a in self.lanes:
            if (a.destination, a.item) == pair:
                total += a.base_flow * min(a.lead, self.T) + self._carries(a)
        for j in self.processes:
            if (j.site, j.output) == pair:
                needs = {i: q * (1.0 - self.saving(j, i)[0]) for i, q in j.inputs.items()}
                inputs = [self.supplied((j.site, i)) / q for i, q in needs.items() if q > 0.0]
                total += min([sum(self.making(j, t) for t in range(self.T)), *inputs])
        return total

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
            total += self.terminal_target(here) + sum(self.demand(here, t) for t in range(self.T))
            for a in self.lanes:
                if (a.origin, a.item) != here or self.side[a.destination] == side:
                    continue
                if side == "H" and self.side[a.destination] == "C":
                    total += min(self._carries(a), self.T * self.dispatched(a))
                elif side == "H" or here in self.tracked:
                    total += sum(self.base_flow(a, t) for t in range(self.T))
            for j in self.processes:
                if j.site == here[0] and j.inputs.get(item, 0.0) > 0.0:
                    most = sum(self.making(j, t) for t in range(self.T))
                    total += j.inputs[item] * min(most, self.wanted((j.site, j.output)))
        total += sum(self.T * a.min_flow for a in within if (a.origin, item) in pairs)
        self._used[pair] = total
        return total

    def wanted(self, pair: Pair) -> float:
        """`used`; of an item of ours with a share limit what makes up the share as well, at all our sites."""
        share = min(self.max_share[pair[1]], self.features.max_supplier_share.get(pair[1], 1.0))
        if self.side[pair[0]] == "C" or not 0.0 < share < 1.0:
            return self.used(pair)
        return sum(self.used(p) for p in self.pairs["H"] if p[1] == pair[1]) / share

    def dispatched(self, lane: Lane) -> float:
        """The most that a lane dispatches in a week: what can be used, or what its contract or its prices ask for."""
        found = self.features
        asked = [lane.min_flow, found.min_order.get(lane.id, 0.0)]
        asked += [flow for flow, _ in found.price_breaks.get(lane.id, ())]
        if found.min_share.get(lane.id, 0.0) > 0.0:
            asked += [found.min_share[lane.id] * self.capacity(lane, t) for t in range(self.T)]
        return max(self.wanted((lane.destination, lane.item)), *asked)

    def lane_capacity(self, lane: Lane, t: int, share: float = 1.0) -> float:
        """cap_l(t) times the share that a policy and an outage leave, at most what can be used."""
        return min(_part(self.capacity(lane, t), share), self.dispatched(lane))

    def most(self, lane: Lane, t: int) -> float:
        """The most a lane dispatches in week t under any policy."""
        return self.lane_capacity(lane, t, 1.0 + self._surge(lane))

    def contract(self, lane: Lane, t: int, share: float = 1.0) -> float:
        """min_flow, at most cap_l(t) times the share that a policy and an outage leave; on our side min_share of that too."""
        most = _part(self.capacity(lane, t), share)
        taken = self.features.min_share.get(lane.id, 0.0) if self.side[lane.destination] == "H" else 0.0
        return max(min(lane.min_flow, most), _part(min(most, self.capacity(lane, t)), taken))

    def ended(self, week: int) -> Case:
        """The same case with every policy ended in a week."""
        case = copy.copy(self)
        case.policies = {
            regime: {name: replace(p, end=min(p.end, week)) for name, p in menu.items()}
            for regime, menu in self.policies.items()
        }
        return case

    def weights(self) -> dict[Scenario, float]:
        """Weights of scenarios that have one; a contingency's are shared by its start weeks, none has the rest."""
        found: dict[Scenario, float] = {}
        for scenario in self.scenarios()[1:]:
            name = scenario.package or scenario.contingency
            starts = 1 if scenario.start is None else len(self.contingencies[name][0].starts)
            if self.features.probability.get(name, 0.0) > 0.0:
                found[scenario] = self.features.probability[name] / starts
        rest = 1.0 - sum(found.values())
        return {NONE: rest, **found} if rest > 1e-12 else found

    def ready(self, lane: Lane) -> int:
        """First week a lane can be used: available_week, and not before its qualification is through."""
        name = self.features.qualification.get(lane.id)
        return max(lane.available_week, 0 if name is None else self.features.qualifications[name][1])

    def _carries(self, lane: Lane) -> float:
        """The most a lane can carry over the horizon, hoarding before a review included."""
        return (1.0 + self._surge(lane)) * sum(self.capacity(lane, t) for t in range(self.T))

    def _surge(self, lane: Lane) -> float:
        return max((p.surge for p in self.policies.get(lane.regime or "", {}).values()), default=0.0)

    def saving(self, process: Process, item: str) -> tuple[float, float]:
        """saving_share and saving_cost of an input."""
        key = (process.id, item)
        return self.features.saving_share.get(key, 0.0), self.features.saving_cost.get(key, 0.0)

    def process_capacity(self, process: Process, t: int, share: float = 1.0) -> float:
        """Capacity times the share that a contingency leaves; infinite from what can be used on."""
        if share == 0.0:
            return 0.0
        most = self.making(process, t) * share
        return most if most < self.wanted((process.site, process.output)) else INF

    def _usual_costs(self, pair: Pair) -> list[float]:
        return [a.landed for a in self.lanes if (a.destination, a.item) == pair and a.base_flow > 0]

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
        """``terminal_price``, else (1 + terminal_premium) R' + holding_cost * weeks per unit missing from the target.

        R' = R on the counterpart's side; on ours the largest unit_cost among inbound lanes with base_flow > 0, else R.
        """
        lanes = self._usual_costs(pair)
        dearest = self.side[pair[0]] == "H" and lanes
        price = max(lanes) if dearest else self.replacement_cost(pair)
        default = (1.0 + self.terminal_premium) * price + self.holding[pair[1]] * self.T
        return number_of(self.stocks.get(pair, {}), "terminal_price", default)

    def keeping(self, lane: Lane) -> float:
        """What a refused unit costs the counterpart: max(0, margin - R(origin, item)), R = 0 at an untracked origin."""
        pair = (lane.origin, lane.item)
        return max(0.0, lane.margin - (self.replacement_cost(pair) if pair in self.tracked else 0.0))

    def stockpile_cost(self, pair: Pair) -> float:
        """``stockpile_cost``, else 1.1 times the dearest inbound unit_cost with base_flow > 0, else 1.1 R."""
        lanes = self._usual_costs(pair)
        default = 1.1 * (max(lanes) if lanes else self.replacement_cost(pair))
        return number_of(self.stocks.get(pair, {}), "stockpile_cost", default)

    def acts(self, regime: str | None, policy: str, t: int) -> Policy | None:
        """The policy where it acts in week t: not open, in [start_week, end_week)."""
        if regime is None or policy == OPEN:
            return None
        p = self.policies[regime][policy]
        return p if p.start <= t < p.end else None

    def kernel(self, regime: str | None, policy: str, t: int) -> Kernel:
        """a_p(t, lag): shares that sum to 1; all at lag 0 where no policy acts."""
        p = self.acts(regime, policy, t)
        return {0: 1.0} if p is None else dict(p.delays)

    def granted(self, regime: str | None, policy: str, t: int) -> float:
        """A_p(t): the share of what a lane can carry that is licensed; 1 where no policy acts."""
        p = self.acts(regime, policy, t)
        return 1.0 if p is None else p.approval

    def carried(self, regime: str | None, policy: str, t: int) -> float:
        """The share of its capacity a lane may carry: A_p(t), and 1 + surge before the policy's start_week."""
        if regime is not None and policy != OPEN:
            p = self.policies[regime][policy]
            if t < min(p.start, p.end):
                return 1.0 + p.surge
        return self.granted(regime, policy, t)

    def applicant_cost(self, regime: str | None, policy: str, t: int) -> float:
        """What a unit dispatched in week t costs its applicant."""
        p = self.acts(regime, policy, t)
        return 0.0 if p is None else p.applicant_cost

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

    def import_policy(self, policies: Mapping[str, str], scenario: Scenario, lane: Lane) -> str:
        """The policy a lane from the counterpart is under: of a regime of ours the one chosen, else the package's."""
        if lane.regime is None or lane.regime in self.ours:
            return self.our_policy(policies, lane)
        return self.packages.get(scenario.package, {}).get(lane.regime, OPEN)

    def our_policy(self, policies: Mapping[str, str], lane: Lane) -> str:
        """The policy a lane under a regime of ours is under: the one chosen, else open."""
        if lane.regime in self.ours:
            return policies.get(str(lane.regime), OPEN)
        return OPEN

    def admin_cost(self, policies: Mapping[str, str]) -> float:
        """Sum of admin_cost of the chosen policies."""
        return sum(self.policies[g][policies.get(g, OPEN)].admin_cost for g in self.ours)

    def ally_benefit(self, policies: Mapping[str, str]) -> float:
        """Sum of ally_benefit of the chosen policies."""
        return sum(self.policies[g][policies.get(g, OPEN)].ally_benefit for g in self.ours)

    def allowed(self, policies: Mapping[str, str]) -> bool:
        """Whether reviewer hours, political capital and the budget (for admin costs alone) allow the combination."""
        chosen = [self.policies[g][policies.get(g, OPEN)] for g in self.ours]
        return (
            _within(sum(p.reviewer_load for p in chosen), self.reviewer_hours)
            and _within(sum(p.political_cost for p in chosen), self.political_capital)
            and _within(sum(p.admin_cost for p in chosen), self.budget)
        )


def _part(capacity: float, share: float) -> float:
    """A share of a capacity; a share of 0 of an infinite one is 0."""
    return 0.0 if share == 0.0 else capacity * share


def _within(used: float, limit: float) -> bool:
    return used <= limit + 1e-9 * max(1.0, abs(used))
