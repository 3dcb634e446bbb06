"""What Korea does under given reviews: arrivals week by week, fills and loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from sluicegate.model.formulation.follower import build_follower
from sluicegate.model.formulation.linking import PolicyBounds
from sluicegate.model.network import OPEN, Network
from sluicegate.model.plan.plan import served
from sluicegate.model.solver.arrays import compile_model
from sluicegate.model.solver.highs import Highs

if TYPE_CHECKING:
    from sluicegate import Case, Plan


@dataclass(frozen=True)
class Response:
    """The counterpart's response.

    Attributes
    ----------
    loss
        V under the reviews less V all open, money.
    arrivals : dict of str to array, shape (weeks,)
        Units arriving by lane into the counterpart.
    exports : dict of str to array, shape (weeks,)
        Units leaving the origin by lane: dispatches once their review is over, as customs there count them.
    fills : dict of str to array, shape (weeks,)
        Share of sales served by ``site/item``.
    """

    loss: float
    arrivals: Mapping[str, np.ndarray]
    exports: Mapping[str, np.ndarray]
    fills: Mapping[str, np.ndarray]

    def shortage_week(self, pair: str) -> int | None:
        """First week in which a pair sells less; None for never."""
        short = np.flatnonzero(~served(self.fills[pair]))
        return int(short[0]) if short.size else None


def respond(case: Case, policies: Mapping[str, str]) -> Response:
    """Solve the response alone, under the policies and all open (model.md section 3).

    Parameters
    ----------
    case
        A checked case.
    policies
        Policy by regime; the others stay open.
    """
    # Arcs of policies that are not chosen would be shut: a smaller program with the same answer.
    kept = tuple(row for row in case.policies if policies.get(row.regime, row.policy) == row.policy)
    network = Network(replace(case, policies=kept))
    model = build_follower(network)
    compiled = compile_model(model)
    block = model.response
    gate = PolicyBounds(compiled, block)
    program = compiled.program
    ungated = program.column_upper
    costs = []
    # Once with everything open, then under the policies: the second solution is the one that is read.
    for choice in ({}, policies):
        program.column_upper = gate.upper(ungated, {**dict.fromkeys(network.menu, OPEN), **choice})
        outcome = Highs(program).solve()
        if outcome.objective is None or outcome.solution is None:
            raise ArithmeticError(f"the response to {choice} ended with {outcome.termination!r}")
        costs.append(outcome.objective)
        solution = outcome.solution
    dispatched: dict[str, np.ndarray] = {lane: np.zeros(network.weeks) for lane, _ in block.data.arcs}
    for (lane, _, week), amount in compiled.values(block.ship, solution).items():
        dispatched[lane][week] += amount
    for (lane, policy), kept in compiled.values(block.contract, solution).items():
        dispatched[lane] += kept * np.array(block.data.contracted[lane, policy])
    fills: dict[str, np.ndarray] = {}
    for (site, item, week), fill in compiled.values(block.fill, solution).items():
        fills.setdefault(f"{site}/{item}", np.ones(network.weeks))[week] = min(fill, 1.0)
    exports = _exports(network, policies, dispatched)
    return Response(costs[1] - costs[0], _arrivals(network, exports), exports, fills)


def response_of(plan: Plan) -> Response:
    """Return the response that a plan rests on, scenario none."""
    network = Network(plan.case)
    flows, fills = plan.tables["flows"], plan.tables["fills"]
    flows, fills = flows[flows["side"] == "counterpart"], fills[fills["side"] == "counterpart"]
    dispatched = {lane: rows.sort_values("week")["dispatched"].to_numpy() for lane, rows in flows.groupby("lane")}
    exports = _exports(network, plan.policies, dispatched)
    return Response(
        plan.scenarios["none"]["counterpart_loss"],
        _arrivals(network, exports),
        exports,
        {
            f"{site}/{item}": np.minimum(rows.sort_values("week")["fill"].to_numpy(), 1.0)
            for (site, item), rows in fills.groupby(["site", "item"])
        },
    )


def _exports(
    network: Network, policies: Mapping[str, str], dispatched: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Dispatches at the end of their review, in the kernel's shares (model.md section 2)."""
    exports = {}
    for name, amounts in dispatched.items():
        regime = network.our_regime(network.lanes[name])
        policy = network.policy(regime, policies.get(regime or "", OPEN))
        weeks = np.zeros(network.weeks)
        for week, amount in enumerate(amounts):
            for lag, share in network.kernel(policy, week):
                if week + lag < network.weeks:
                    weeks[week + lag] += share * amount
        exports[name] = weeks
    return exports


def _arrivals(network: Network, exports: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Goods under way before week 0, then exports at lead time."""
    arrivals = {}
    for name, amounts in exports.items():
        lead = min(network.lanes[name].lead_weeks, network.weeks)
        arrivals[name] = np.concatenate([np.full(lead, network.lanes[name].base_flow), amounts[: amounts.size - lead]])
    return arrivals
