"""What a case consists of: sides, tracked pairs, policies, scenarios and what joins them (model.md section 2)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from ...data.schema.values import PROBABILITY_ROUNDING
from ...data.units import Units
from ..algebra.traced import fsum
from .weekly import Weekly

if TYPE_CHECKING:
    from ...data import Case
    from ...data.schema.tables import Contingency, Lane, Policy, PriceBreak, Process, Stock

OPEN = "open"
NONE = "none"

Pair = tuple[str, str]


class Structure:
    """Who is on which side, what is joined to what and what can happen in a case, worked out once.

    Parameters
    ----------
    case
        A checked case, in its natural units.
    units
        What these are in the units of the case as it was given; default: these.
    check
        Called wherever programs ask for figures while they are built; what it raises ends the work.

    Attributes
    ----------
    case
        The case.
    units
        Its units.
    weeks : int
        T, the number of weeks.
    side : dict of str to str
        ``"ours"``, ``"counterpart"`` or ``"other"`` for every site.
    weight : dict of str to float
        Loss weight of the party of every site.
    weekly : Weekly
        Figures that profiles move, week by week.
    """

    def __init__(
        self,
        case: Case,
        units: Units | None = None,
        check: Callable[[], None] = lambda: None,
    ):
        self.case = case
        self.units = units or Units()
        self.check = check
        self.weeks = case.settings.horizon.weeks
        role = {row.party: row.role for row in case.parties}
        party_weight = {row.party: row.loss_weight for row in case.parties}
        sides = {"focal": "ours", "ally": "ours", "counterpart": "counterpart", "other": "other"}
        self.party = {row.site: row.party for row in case.sites}
        self.side = {row.site: sides[role[row.party]] for row in case.sites}
        self.weight = {row.site: party_weight[row.party] for row in case.sites}
        self.holding = {row.item: row.holding_cost for row in case.items}
        self.lanes = {row.lane: row for row in case.lanes}
        self.processes = {row.process: row for row in case.processes}
        self.stocks = {(row.site, row.item): row for row in case.stocks}
        self.demands = {(row.site, row.item): row for row in case.demands}
        self.weekly = Weekly(case)
        self._controller = {row.regime: role[row.controller] for row in case.regimes}
        self._policies = [variant for row in case.policies for variant in row.variants]
        self._policy = {(row.regime, row.policy): row for row in self._policies}
        self.qualifications = {row.qualification: row for row in case.qualifications}
        self.items = {row.item: row for row in case.items}

    # Sides and tracked pairs -------------------------------------------------------------------------------------

    def lanes_into(self, side: str) -> list[Lane]:
        """Lanes whose destination is on a side, in the order of the case."""
        return [lane for lane in self.lanes.values() if self.side[lane.destination] == side]

    def lanes_between(self, origin: str, *destinations: str) -> list[Lane]:
        """Lanes from one side to any of the others, in the order of the case."""
        return [
            lane
            for lane in self.lanes.values()
            if self.side[lane.origin] == origin and self.side[lane.destination] in destinations
        ]

    def processes_on(self, side: str) -> list[Process]:
        """Processes at sites of a side, in the order of the case."""
        return [process for process in self.processes.values() if self.side[process.site] == side]

    @cached_property
    def tracked(self) -> frozenset[Pair]:
        """Pairs with a stock row, a process that makes the item there, or a lane that ends there (section 2)."""
        pairs = set(self.stocks)
        pairs.update((row.site, row.output) for row in self.processes.values())
        pairs.update((row.destination, row.item) for row in self.lanes.values())
        return frozenset(pair for pair in pairs if self.side[pair[0]] != "other")

    def pairs(self, side: str) -> list[Pair]:
        """Pairs of a side with a balance row: tracked ones, and those a demand or a recipe names (section 2)."""
        named = dict.fromkeys(self.stocks)
        named.update(dict.fromkeys((row.destination, row.item) for row in self.lanes.values()))
        for process in self.processes.values():
            named[process.site, process.output] = None
            named.update(dict.fromkeys((process.site, item) for item in self.recipe[process.process]))
        named.update(dict.fromkeys(self.demands))
        return [pair for pair in named if self.side[pair[0]] == side]

    @cached_property
    def recipe(self) -> dict[str, dict[str, float]]:
        """Input quantities of every process: units of input for a unit of output."""
        recipe: dict[str, dict[str, float]] = {process: {} for process in self.processes}
        for row in self.case.recipes:
            recipe[row.process][row.input] = row.quantity
        return recipe

    @cached_property
    def savings(self) -> dict[tuple[str, str], tuple[float, float]]:
        """(units that can be saved for a unit of output, cost of saving a unit) by process and input, where anything can."""
        return {
            (row.process, row.input): (row.saving_share * row.quantity, row.saving_cost)
            for row in self.case.recipes
            if row.saving_share * row.quantity > 0
        }

    @cached_property
    def uses(self) -> dict[Pair, list[tuple[Process, float]]]:
        """Processes that consume an item at a site, with the quantity per unit of output."""
        uses: dict[Pair, list[tuple[Process, float]]] = defaultdict(list)
        for process in self.processes.values():
            for item, quantity in self.recipe[process.process].items():
                uses[process.site, item].append((process, quantity))
        return dict(uses)

    @cached_property
    def makers(self) -> dict[Pair, list[Process]]:
        """Processes that make an item at a site."""
        makers: dict[Pair, list[Process]] = defaultdict(list)
        for process in self.processes.values():
            makers[process.site, process.output].append(process)
        return dict(makers)

    def _lanes_by(self, end: str) -> dict[Pair, list[Lane]]:
        lanes: dict[Pair, list[Lane]] = defaultdict(list)
        for lane in self.lanes.values():
            lanes[getattr(lane, end), lane.item].append(lane)
        return dict(lanes)

    @cached_property
    def inbound(self) -> dict[Pair, list[Lane]]:
        """Lanes that end at a pair."""
        return self._lanes_by("destination")

    @cached_property
    def outbound(self) -> dict[Pair, list[Lane]]:
        """Lanes that start at a pair."""
        return self._lanes_by("origin")

    def stock(self, pair: Pair) -> Stock:
        """The stock row of a pair; a row of defaults where the case has none."""
        from ...data.schema.tables import Stock

        self.check()
        found = self.stocks.get(pair) or self._defaults.get(pair)
        if found is None:
            found = self._defaults[pair] = Stock(site=pair[0], item=pair[1])
        return found

    @cached_property
    def _defaults(self) -> dict[Pair, Stock]:
        return {}

    # What must be qualified --------------------------------------------------------------------------------------

    @cached_property
    def to_qualify(self) -> dict[str, float]:
        """Cost of all that our side may qualify: lanes with a fixed cost, then qualifications, in the order of the case."""
        lanes = {lane.lane: lane.fixed_cost for lane in self.lanes_into("ours") if lane.fixed_cost}
        return lanes | {name: row.fixed_cost or 0.0 for name, row in self.qualifications.items()}

    def gates(self, lane: Lane) -> tuple[str, ...]:
        """What of `to_qualify` must be qualified for a lane to be open: itself, its qualification, both or nothing."""
        if self.side[lane.destination] != "ours":
            return ()
        own = (lane.lane,) if lane.fixed_cost else ()
        return own if lane.qualification is None else (*own, lane.qualification)

    def opens(self, lane: Lane) -> int:
        """First week a lane can be used: available_week, and not before its qualification is through."""
        if lane.qualification is None:
            return lane.available_week
        return max(lane.available_week, self.qualifications[lane.qualification].weeks)

    @cached_property
    def breaks(self) -> dict[str, list[PriceBreak]]:
        """Price breaks of every lane that has some, by the flow from which on they hold."""
        breaks: dict[str, list[PriceBreak]] = {}
        for row in sorted(self.case.price_breaks, key=lambda row: row.from_flow):
            breaks.setdefault(row.lane, []).append(row)
        return breaks

    # Regimes and policies ----------------------------------------------------------------------------------------

    @cached_property
    def regimes(self) -> list[str]:
        """Regimes that we or an ally control, in the order of the case."""
        return [row.regime for row in self.case.regimes if self._controller[row.regime] in ("focal", "ally")]

    @cached_property
    def menu(self) -> dict[str, list[str]]:
        """Policies of each of our regimes: ``open`` first, then the order of the case; of several ends one each."""
        menu = {regime: [OPEN] for regime in self.regimes}
        for row in self._policies:
            if row.regime in menu:
                menu[row.regime].append(row.policy)
        return menu

    def policy(self, regime: str | None, policy: str) -> Policy | None:
        """The row of a policy; None for ``open``."""
        return None if regime is None or policy == OPEN else self._policy[regime, policy]

    @cached_property
    def imports(self) -> list[Lane]:
        """Lanes from the counterpart to our side under a regime of ours that run before week 0, in the order of the case."""
        lanes = self.lanes_between("counterpart", "ours")
        return [lane for lane in lanes if lane.regime in self.menu and lane.base_flow > 0]

    @cached_property
    def benefits(self) -> dict[tuple[str, str], float]:
        """ally_benefit of the policies of our regimes that have one, money, by (regime, policy)."""
        rows = {key: self.policy(*key) for regime, menu in self.menu.items() for key in ((regime, p) for p in menu)}
        return {key: row.ally_benefit for key, row in rows.items() if row is not None and row.ally_benefit > 0}

    def downstream(self, regime: str) -> set[Pair]:
        """The counterpart's pairs that goods of a regime's lanes reach through its processes and lanes."""
        waiting = [(lane.destination, lane.item) for lane in self.lanes_into("counterpart") if lane.regime == regime]
        reached: set[Pair] = set()
        while waiting:
            pair = waiting.pop()
            if pair in reached:
                continue
            reached.add(pair)
            waiting += [(process.site, process.output) for process, _ in self.uses.get(pair, ())]
            waiting += [
                (lane.destination, lane.item)
                for lane in self.outbound.get(pair, ())
                if self.side[lane.destination] == "counterpart"
            ]
        return reached

    def our_regime(self, lane: Lane) -> str | None:
        """The lane's regime where we or an ally control it, else None."""
        return lane.regime if lane.regime in self.menu else None

    @cached_property
    def packages(self) -> dict[str, dict[str, str]]:
        """Policy of every regime that a retaliation package sets."""
        packages: dict[str, dict[str, str]] = {}
        for row in self.case.retaliations:
            packages.setdefault(row.package, {})[row.regime] = row.policy
        return packages

    def package_policy(self, scenario: str, lane: Lane) -> Policy | None:
        """The policy that a package puts on a lane; None where it puts none, or where the scenario is no package."""
        policy = self.packages.get(scenario, {}).get(lane.regime or "")
        return None if policy is None else self.policy(lane.regime, policy)

    @cached_property
    def package_cost(self) -> dict[str, float]:
        """What a package costs the counterpart, its rows added; 0 for ``none``."""
        cost: dict[str, float] = defaultdict(float)
        for row in self.case.retaliations:
            cost[row.package] += row.cost
        return {NONE: 0.0, **cost}

    @cached_property
    def outages(self) -> dict[str, list[tuple[Contingency, int]]]:
        """Rows of every contingency's scenarios, each with the first week it acts (`outage_scenarios`)."""
        return outage_scenarios(self.case.contingencies)

    @property
    def contingencies(self) -> list[str]:
        """Names of the contingencies' scenarios, in the order of the case: of several starts one each, ``id@week``."""
        return list(self.outages)

    @cached_property
    def scenarios(self) -> list[str]:
        """``none``, then the packages, then the contingencies."""
        return [NONE, *self.packages, *self.contingencies]

    def shares_hold(self, item: str, scenario: str) -> bool:
        """Whether limits on shares of an item hold in a scenario: in ``none``, with ``share_always`` in every one."""
        return scenario == NONE or self.items[item].share_always == "true"

    @property
    def least_cost(self) -> bool:
        """Whether the objective is our cost alone, not leverage (section 5)."""
        return self.case.sense == "cost"

    @property
    def tail(self) -> float | None:
        """Share of the weight left out of the mean: 0 of ``expected``, a of ``cvar:a``; None where scenarios are not weighed."""
        kind, _, share = self.case.settings.objective.scenario.partition(":")
        return {"expected": 0.0, "cvar": float(share or 0.0)}.get(kind)

    @cached_property
    def probability(self) -> dict[str, float]:
        """Weight of every scenario that has one: as the case says, shared by starts of a contingency; ``none`` has the rest."""
        stated = {row.package: row.probability for row in self.case.retaliations if row.probability}
        starts = Counter(rows[0][0].contingency for rows in self.outages.values())
        for name, rows in self.outages.items():
            for outage, _ in rows:
                if outage.probability:
                    stated[name] = outage.probability / starts[outage.contingency]
        rest = 1.0 - fsum(stated.values())
        return {NONE: rest, **stated} if rest > PROBABILITY_ROUNDING else stated

    @cached_property
    def rated(self) -> list[str]:
        """Scenarios that count (section 5): of ``worst`` ``none`` and the packages, of ``none`` itself, else all with a weight."""
        if self.tail is not None:
            return [name for name in self.scenarios if name in self.probability]
        return [NONE, *self.packages] if self.case.settings.objective.scenario == "worst" else [NONE]

    def availability(self, scenario: str) -> dict[tuple[str, str, int], float]:
        """Share of capacity left, for (``lane`` or ``process``, id, week) that a contingency touches."""
        left: dict[tuple[str, str, int], float] = {}
        for row, start in self.outages.get(scenario, ()):
            kind, name = ("lane", row.lane) if row.lane is not None else ("process", row.process or "")
            for week in row.span(start, self.weeks):
                left[kind, name, week] = left.get((kind, name, week), 1.0) * row.availability
        return left

    def reveal(self, scenario: str) -> int:
        """r(s) = max(0, least over its rows of first week it acts - notice_weeks), at most T; T of ``none``.

        A row of a contingency acts from its start, one of a package from its policy's start_week; ``open`` never acts, and
        a package of ``open`` alone has r = 0.
        """
        if scenario == NONE:
            return self.weeks
        acts = [start - row.notice_weeks for row, start in self.outages.get(scenario, ())]
        for row in self.case.retaliations:
            policy = self.policy(row.regime, row.policy) if row.package == scenario else None
            if policy is not None:
                acts.append(policy.start_week - row.notice_weeks)
        return min(max(0, min(acts, default=0)), self.weeks)

    # Coupling ----------------------------------------------------------------------------------------------------

    @cached_property
    def sold_abroad(self) -> dict[Pair, list[Lane]]:
        """Lanes out of the counterpart's tracked pairs: rationed with home demand (section 3)."""
        sold: dict[Pair, list[Lane]] = defaultdict(list)
        for lane in self.lanes_between("counterpart", "ours", "other"):
            if (lane.origin, lane.item) in self.tracked:
                sold[lane.origin, lane.item].append(lane)
        return dict(sold)

    @cached_property
    def orders(self) -> list[Lane]:
        """Lanes to the counterpart whose goods leave our tracked stocks."""
        return [lane for lane in self.lanes_between("ours", "counterpart") if (lane.origin, lane.item) in self.tracked]

    @cached_property
    def watched_fills(self) -> list[Pair]:
        """The counterpart's pairs whose fill matters to us: they sell to us, or abroad under one of its regimes."""
        ours = {lane.lane for lane in self.lanes_between("counterpart", "ours")}
        return [
            pair
            for pair, lanes in self.sold_abroad.items()
            if any(
                max(self.weekly.base_flow[lane.lane]) > 0 and (lane.lane in ours or lane.regime is not None)
                for lane in lanes
            )
        ]

    @cached_property
    def paying(self) -> list[Lane]:
        """Lanes to the counterpart on which our side earns a margin."""
        return [lane for lane in self.lanes_between("ours", "counterpart") if lane.margin > 0]

    def components(self) -> list[list[str]]:
        """Group our regimes whose lanes meet in a balance row through processes and lanes of C (section 6, item 1)."""
        group: dict[object, object] = {}

        def root(node: object) -> object:
            group.setdefault(node, node)
            while group[node] != node:
                group[node] = group[group[node]]
                node = group[node]
            return node

        def join(nodes: Iterable[object]) -> None:
            first, *rest = [root(node) for node in nodes]
            for node in rest:
                group[root(node)] = first

        for lane in self.lanes_into("counterpart"):
            nodes: list[object] = [(lane.destination, lane.item)]
            if self.side[lane.origin] == "counterpart" and (lane.origin, lane.item) in self.tracked:
                nodes.append((lane.origin, lane.item))
            if lane.regime in self.menu:
                nodes.append(lane.regime)
            join(nodes)
        for process in self.processes_on("counterpart"):
            join([(process.site, process.output), *((process.site, item) for item in self.recipe[process.process])])
        members: dict[object, list[str]] = defaultdict(list)
        for regime in self.regimes:
            members[root(regime)].append(regime)
        return list(members.values())


def outage_scenarios(rows: Iterable[Contingency]) -> dict[str, list[tuple[Contingency, int]]]:
    """Return the scenarios of contingencies: their rows, each with the week in which it begins there.

    A contingency with one start is one scenario of its own name; one with several is a scenario for each, named after the
    start of its first row with several. A row with one start begins then in all of them.
    """
    grouped: dict[str, list[Contingency]] = {}
    for row in rows:
        grouped.setdefault(row.contingency, []).append(row)
    scenarios: dict[str, list[tuple[Contingency, int]]] = {}
    for name, members in grouped.items():
        starts = next((row.starts for row in members if len(row.starts) > 1), None)
        if starts is None:
            scenarios[name] = [(row, row.starts[0]) for row in members]
            continue
        for number, start in enumerate(starts):
            scenarios[f"{name}@{start}"] = [
                (row, row.starts[number] if len(row.starts) > 1 else row.starts[0]) for row in members
            ]
    return scenarios
