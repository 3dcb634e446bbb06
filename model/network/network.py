"""A case as the mathematics sees it: sides, tracked pairs, kernels, prices and worths (model.md sections 2, 3 and 5)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from ..algebra.traced import fsum
from .structure import OPEN, Pair, Structure
from .usable import Usable
from .weekly import ByWeek
from .worth import worth_of

if TYPE_CHECKING:
    from ...data.schema.tables import Lane, Policy, Process

Kernel = tuple[tuple[int, float], ...]

_AT_ONCE: Kernel = ((0, 1.0),)


class Network(Structure):
    """Everything the programs derive from a case: its structure, and amounts and prices week by week."""

    # Time --------------------------------------------------------------------------------------------------------

    def capacity(self, lane: Lane, week: int, share: float = 1.0) -> float:
        """cap_l(t) = max_flow(t) * min(1, (t - available_week + 1) / (ramp_weeks + 1)), 0 before available_week.

        A lane that a qualification opens is available no earlier than that takes (`opens`).
        Times the share of it that licences and outages leave, A_p(t) times availability; no more than can be used
        (`Usable.dispatched`).
        """
        self.check()
        left = self.whole_capacity(lane, week) * share
        return min(left, self.usable.dispatched(lane)) if left > 0 else 0.0

    def capacities(self, lane: Lane, shares: Sequence[float]) -> tuple[float, ...]:
        """`capacity` of every week, by the share that is left in it."""
        self.check()
        left = [whole * share for whole, share in zip(self._whole[lane.lane], shares, strict=True)]
        most = self.usable.dispatched(lane) if any(units > 0 for units in left) else 0.0
        return tuple(min(units, most) if units > 0 else 0.0 for units in left)

    def contracted(self, lane: Lane, week: int, share: float = 1.0) -> float:
        """Least that a contract has a lane carry in a week, capped to what policy and outage leave of cap_l(t).

        The larger of min_flow and, on lanes that end on our side, min_share of what is left of cap_l(t).
        """
        if not self.contract(lane):
            return 0.0
        return min(max(lane.min_flow, self.taken(lane, week) * min(1.0, share)), self.capacity(lane, week, share))

    def contract(self, lane: Lane) -> bool:
        """Whether a lane has a contract: a min_flow, or a min_share on our side."""
        return lane.min_flow > 0 or (lane.min_share > 0 and self.side[lane.destination] == "ours")

    def taken(self, lane: Lane, week: int) -> float:
        """What is paid for, taken or not, of a lane that ends on our side: min_share cap_l(t)."""
        if lane.min_share == 0 or self.side[lane.destination] != "ours":
            return 0.0
        return lane.min_share * self.whole_capacity(lane, week)

    def whole_capacity(self, lane: Lane, week: int) -> float:
        """cap_l(t), also what cannot be used of it."""
        return self._whole[lane.lane][week]

    @cached_property
    def _whole(self) -> ByWeek[str]:
        def by_week(name: str) -> tuple[float, ...]:
            lane, most = self.lanes[name], enumerate(self.weekly.max_flow[name])
            first, ramp = self.opens(lane), lane.ramp_weeks + 1
            return tuple(0.0 if week < first else flow * min(1.0, (week - first + 1) / ramp) for week, flow in most)

        return ByWeek(by_week)

    def most_made(self, process: Process, week: int) -> float:
        """Capacity of a process in a week; inf where it is beyond what can be used of its output (`Usable.made`)."""
        capacity = self.weekly.making[process.process][week]
        return math.inf if capacity >= self.usable.made(process) else capacity

    def most_held(self, pair: Pair) -> float:
        """Capacity of a stock; inf where it is beyond what can be used of it (`Usable.used`)."""
        if pair not in self._held:
            capacity = self.stock(pair).capacity
            self._held[pair] = math.inf if capacity >= self.usable.used(pair) else capacity
        return self._held[pair]

    @cached_property
    def _held(self) -> dict[Pair, float]:
        return {}

    def most_stockpiled(self, pair: Pair) -> float:
        """stockpile_max, no more than can be used (`Usable.used`)."""
        return min(self.stock(pair).stockpile_max, self.usable.used(pair))

    @cached_property
    def usable(self) -> Usable:
        """What can be there of every item, and what can be used of it."""
        return Usable(self)

    @staticmethod
    def kernel(policy: Policy | None, week: int) -> Kernel:
        """a_p(t, lag): (lag, share) of what is dispatched in a week, shares that sum to 1; None is ``open`` (section 2)."""
        return policy.delay_weeks.weights if policy is not None and _acts(policy, week) else _AT_ONCE

    @staticmethod
    def granted(policy: Policy | None, week: int) -> float:
        """A_p(t): share of what a lane can carry for which a policy grants licences in a week; None is ``open`` (section 2)."""
        return policy.approval_rate if policy is not None and _acts(policy, week) else 1.0

    def carried(self, policy: Policy | None, week: int) -> float:
        """Share of its capacity that a lane can carry in a week: A_p(t), and 1 + surge before the policy's start_week."""
        if policy is not None and week < policy.start_week:
            return 1.0 + policy.surge
        return self.granted(policy, week)

    def most_carried(self, lane: Lane, week: int) -> float:
        """Most that a lane dispatches in a week under any policy of our regimes."""
        menu = self.menu.get(lane.regime or "", [OPEN])
        return self.capacity(lane, week, max(self.carried(self.policy(lane.regime, policy), week) for policy in menu))

    @cached_property
    def most_surge(self) -> dict[str, float]:
        """Largest surge of any policy of a regime."""
        surges: dict[str, float] = defaultdict(float)
        for row in self.case.policies:
            surges[row.regime] = max(surges[row.regime], row.surge)
        return surges

    def paperwork(self, policy: Policy | None, lane: Lane, week: int) -> float:
        """What a unit dispatched over a lane in a week costs its applicant: applicant_cost while the policy acts, else 0.

        One price for all goods of a regime, in the unit that the case counts each of them in.
        """
        acts = policy is not None and policy.applicant_cost > 0 and _acts(policy, week)
        return policy.applicant_cost * self.units.item(lane.item) if policy is not None and acts else 0.0

    def pipeline(self, pair: Pair, week: int) -> float:
        """Goods dispatched before week 0 that arrive at a pair in a week."""
        self.check()
        return self._pipeline[pair][week]

    @cached_property
    def _pipeline(self) -> ByWeek[Pair]:
        def arriving(pair: Pair) -> tuple[float, ...]:
            lanes, found = self.inbound.get(pair, ()), []
            last = {lane.lead_weeks for lane in lanes}
            for week in range(self.weeks):
                if week == 0 or week in last:
                    units = sum(lane.base_flow for lane in lanes if week < lane.lead_weeks)
                found.append(units)
            return tuple(found)

        return ByWeek(arriving)

    def target(self, pair: Pair) -> float:
        """Terminal target less pipeline goods that arrive at T or later, no more than can be there (section 2).

        What is missing beyond that is missing whatever is decided.
        """
        return min(self.stated_target(pair), self.usable.supplied(pair))

    def stated_target(self, pair: Pair) -> float:
        """Terminal target as the case says, with base_flow(T - 1), less pipeline goods that arrive at T or later."""
        row = self.stock(pair)
        target = row.initial if row.terminal_target is None else row.terminal_target
        return target + sum(self._under_way_at_end(lane) for lane in self.inbound.get(pair, ()))

    def _under_way_at_end(self, lane: Lane) -> float:
        """base_flow(T - 1) lead, less the pipeline, of the plain base_flow, that arrives at T or later."""
        last, late = self.weekly.base_flow[lane.lane][-1], max(0, lane.lead_weeks - self.weeks)
        return last * min(lane.lead_weeks, self.weeks) + (last - lane.base_flow) * late

    # Prices ------------------------------------------------------------------------------------------------------

    @cached_property
    def _replacement(self) -> dict[Pair, float]:
        return {}

    @cached_property
    def _terminal(self) -> dict[Pair, float]:
        return {}

    def replacement_cost(self, pair: Pair) -> float:
        """R(s,i): cheapest running inbound lane; else cheapest process with its inputs; else 0 (section 2)."""
        known = self._replacement
        if pair not in known:
            prices = [lane.landed_cost for lane in self.inbound.get(pair, ()) if lane.base_flow > 0]
            if not prices:
                prices = [self.process_cost(process) for process in self.makers.get(pair, ())]
            known[pair] = min(prices, default=0.0)
        return known[pair]

    def process_cost(self, process: Process) -> float:
        """What a process makes a unit for: unit_cost + sum of quantity R(s, input)."""
        inputs = self.recipe[process.process].items()
        return process.unit_cost + sum(
            quantity * self.replacement_cost((process.site, item)) for item, quantity in inputs
        )

    def way_back(self, pair: Pair) -> float:
        """R'(s,i): what it takes to have a unit again after the end (section 2).

        At the counterpart R(s,i), its cheapest way. On our side the dearest source in use, the largest landed_cost of an inbound
        lane with base_flow > 0, else R(s,i): limits on concentration may not allow the cheapest.
        """
        if self.side[pair[0]] != "ours":
            return self.replacement_cost(pair)
        prices = [lane.landed_cost for lane in self.inbound.get(pair, ()) if lane.base_flow > 0]
        return max(prices) if prices else self.replacement_cost(pair)

    def terminal_price(self, pair: Pair) -> float:
        """(1 + terminal_premium) R'(s,i) + holding_cost T: price of a unit missing at the end, unless the stock's row has one.

        The holding cost of all weeks is added so that no stock is sold for what holding it costs.
        """
        stated = self._terminal.get(pair, self.stock(pair).terminal_price)
        if stated is not None:
            return stated
        premium = self.case.settings.horizon.terminal_premium
        return (1.0 + premium) * self.way_back(pair) + self.holding[pair[1]] * self.weeks

    def margin_at_stake(self, lane: Lane) -> float:
        """max(0, margin - R(origin, item)): what the origin loses on a unit that it may not sell and keeps (section 4).

        R is 0 where the origin is not tracked.
        """
        origin = (lane.origin, lane.item)
        return max(0.0, lane.margin - (self.replacement_cost(origin) if origin in self.tracked else 0.0))

    def stockpile_price(self, pair: Pair) -> float:
        """Price of a stockpiled unit: as the case says, else 1.1 times the dearest running lane, else 1.1 R."""
        stated = self.stock(pair).stockpile_cost
        if stated is not None:
            return stated
        prices = [lane.landed_cost for lane in self.inbound.get(pair, ()) if lane.base_flow > 0]
        return 1.1 * max(prices, default=self.replacement_cost(pair))

    # The counterpart's sales -------------------------------------------------------------------------------------

    def sales(self, pair: Pair) -> tuple[tuple[float, float], ...]:
        """(Q(t), K(t)) of a pair of the counterpart in every week: units that leave the chain, and the loss if none does.

        Home demand that waits is not lost.
        """
        found, lost = [], 1.0 - self.waits(pair)
        for week, quantity in enumerate(self.weekly.quantity[pair]):
            value = quantity * self.weekly.penalty[pair][week] * lost
            for lane in self.sold_abroad.get(pair, ()):
                flow = self.weekly.base_flow[lane.lane][week]
                quantity += flow
                value += flow * lane.margin
            found.append((quantity, value))
        return tuple(found)

    def waits(self, pair: Pair) -> float:
        """Share of a pair's home demand that waits where it is not served in its week."""
        return self.demands[pair].backorder_share if pair in self.demands else 0.0

    def most_waiting(self, pair: Pair) -> float:
        """Most that a unit that waits can cost: backorder_cost of all weeks, and the penalty of the last."""
        demand = self.demands[pair]
        return demand.backorder_cost * self.weeks + self.weekly.penalty[pair][-1]

    def sells(self, pair: Pair) -> bool:
        """Whether anything leaves the chain at a pair of the counterpart in any week."""
        return any(quantity > 0 for quantity, _ in self.sales(pair))

    # Worth -------------------------------------------------------------------------------------------------------

    def worth(self, side: str) -> dict[Pair, float]:
        """Return the most one more unit can save at every pair of a side, money per unit (`worth_of`)."""
        return worth_of(self, side)

    def slack_price(self, lane: Lane, week: int) -> float:
        """Price of an export of a week to the counterpart that our stocks cannot deliver (section 4)."""
        return 10.0 * max(lane.margin, self.weekly.landed_cost[lane.lane][week]) * self.weight[lane.origin]

    def transfer_margin(self, lane: Lane) -> float:
        """Margin on a lane between two of our parties; 0 within one party (section 4)."""
        return 0.0 if self.party[lane.origin] == self.party[lane.destination] else lane.margin

    @cached_property
    def lasting(self) -> dict[str, float]:
        """What stays lost of a unit that the counterpart does not order, money per unit by lane (section 4).

        Weight of the origin margin kept_share after_weeks / weeks, on lanes of ours to the counterpart; 0 left out.
        """
        rate = self.case.settings.horizon.after_weeks / self.weeks
        lost = {lane.lane: self.weight[lane.origin] * lane.margin * lane.kept_share * rate for lane in self.paying}
        return {lane: value for lane, value in lost.items() if value > 0}


def _acts(policy: Policy, week: int) -> bool:
    (end,) = policy.ends
    return week >= policy.start_week and (end is None or week < end)


@lru_cache(1024)
def holding_weeks(kernel: Kernel) -> float:
    """H_p(t): mean weeks under review of a kernel, the sum of share times lag (section 3)."""
    return fsum(share * lag for lag, share in kernel)
