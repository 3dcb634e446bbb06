"""What both sides lose if they settle in a week, before a plan has run its course (model.md section 4, The stake)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..algebra import Constraint, Var
from ..formulation.follower import FollowerData
from ..formulation.linking import LeaderProblem
from ..formulation.policy_terms import usual_lasting
from ..leader.fixed_policy import face_of
from ..leader.readout import RESPONSE_COSTS, linear
from ..leader.scenario_values import weighed
from ..network import NONE, OPEN, holding_weeks
from ..network.timing import arrival_terms
from ..plan.limits import BARGAIN
from ..plan.tolerances import QUANTITY_NOISE
from ..solver.highs import Outcome, TolerantHighs

if TYPE_CHECKING:
    import pandas as pd

    from ...data.schema.tables import Lane, Policy
    from ..leader.problem import Problem
    from .figures import Account


def bargained(problem: Problem) -> bool:
    """Whether the case says what the dispute is about, so that a settlement is worth working out."""
    bargain = problem.case.settings.bargain
    return problem.case.pressed and any(getattr(bargain, name) is not None for name in BARGAIN)


def by_week_table(problem: Problem, account: Account) -> pd.DataFrame:
    """Both losses and the leverage if it is settled in week t = 0..T, in the scenarios that decide, by their weights.

    Settled in week t every policy of either side is over from week t on, and nobody foresees it: decisions of weeks before t are
    the plan's; from t on the counterpart, then we, go on at least cost. t = T is the plan, t = 0 leaves the first stage's costs.
    What a package costs the counterpart is owed whole. An outage goes on: until its reveal week we go on at least cost in `none`.
    """
    import pandas as pd

    weeks, least = range(problem.network.weeks), dict[int, float]()
    by_scenario: dict[str, list[tuple[float, float]]] = {}
    for scenario in account.weights:
        settling = _Settling(problem, account, scenario, least)
        # From the end backwards: from one week to the next little changes.
        found = [account.losses[scenario], *(settling.losses(week) for week in reversed(weeks))]
        by_scenario[scenario] = found[::-1]
    rows = [
        [weighed({name: found[week][side] for name, found in by_scenario.items()}, account.weights) for side in (0, 1)]
        for week in (*weeks, len(weeks))
    ]
    frame = pd.DataFrame(rows, columns=["counterpart_loss", "own_loss"], dtype=float)
    frame.insert(0, "week", range(len(rows)))
    frame["leverage"] = frame["counterpart_loss"] - frame["own_loss"]
    return frame


class _Settling:
    """The status quo's leader problem, all that is decided before a week put as the plan has it in a scenario.

    A policy that is over from week t on is the policy before t and ``open`` from t on. Both have arcs in the response. On our side
    dispatches of weeks before t are given, so that what the policy makes of their arrivals is a constant of the rows.

    Parameters
    ----------
    problem, account
        The case made ready, and the plan.
    scenario
        A scenario. A package is over with all policies; a contingency is not, and has operations of its own beside `none`.
    least
        The response's least cost by week of the settlement, which scenarios share.
    """

    def __init__(self, problem: Problem, account: Account, scenario: str, least: dict[int, float]):
        self.problem, self.account, self.network = problem, account, problem.network
        self.scenario, self.least = scenario, least
        outage = scenario in self.network.contingencies
        self.reveal = self.network.reveal(scenario) if outage else 0
        self.opened = LeaderProblem(self.network, [NONE, scenario], limited=False) if outage else problem.opened
        self.whole = problem.whole
        self.model, self.compiled = self.opened.model, self.opened.compiled
        self.program = self.opened.program
        # Our operations: where they stand here, and in the plan.
        self.ours = {NONE: NONE, scenario: scenario} if outage else {NONE: scenario}
        self.settled = scenario if outage else NONE
        self.response_cost, self.constant = self._vector(
            *(self.model.response.component(name) for name in RESPONSE_COSTS)
        )
        self.data: FollowerData = self.model.response.data
        lanes = dict.fromkeys(lane for lane, _ in self.data.contracted)
        # Contracts are kept by the least that lanes dispatch; the columns that keep them stay 0.
        self.forfeits = math.fsum(map(self.data.forfeit, lanes))
        self._decided()
        self.highs = TolerantHighs(self.program, presolve="off", solver="simplex")
        self.highs.set_offset(0.0)
        earlier, _ = self._own_cost(NONE)
        columns = np.flatnonzero(earlier)
        self.highs.add_row(columns, -earlier[columns], -math.inf)

    def _vector(self, *expressions: Any) -> tuple[np.ndarray, float]:
        """Coefficients of a sum of linear expressions, shape (columns,), and its constant."""
        terms, constants = zip(*map(linear, expressions), strict=True)
        rows = self.compiled.linear_map(list(terms))
        return np.asarray(rows.sum(axis=0)).ravel(), math.fsum(constants)

    def _own_cost(self, scenario: str) -> tuple[np.ndarray, float]:
        """What operations in a scenario cost us, less what of it may stay lost that the response keeps; and a constant."""
        model = self.model
        cost, constant = self._vector(model.ours[scenario].cost, model.first_stage_cost)
        margin = self.compiled.column.get(id(model.margin_earned))
        if margin is not None:
            cost[margin] -= 1.0
        return cost - self._lasting(), constant

    def _decided(self) -> None:
        """Set the plan's values of all weekly decisions, and where each stands; and the rows of every week."""
        solution = self.account.operations.solution
        columns, values, weeks = [], [], []
        rows, row_weeks = [], []
        blocks = [(self.model.ours[here], self.whole.model.ours[there]) for here, there in self.ours.items()]
        for block, plans in ((self.model.response, self.whole.model.response), *blocks):
            for component in block.component_objects(Var):
                # What the response dispatches is set arc by arc.
                if not _weekly(component, block) or (block is self.model.response and component.local_name == "ship"):
                    continue
                for key, variable in component.items():
                    place = self.compiled.column.get(id(variable))
                    if place is not None:
                        other = self.whole.compiled.column.get(id(plans.component(component.local_name)[key]))
                        columns.append(place)
                        values.append(0.0 if other is None else float(solution[other]))
                        weeks.append(key[-1])
            for component in block.component_objects(Constraint):
                if _weekly(component, block):
                    for key, constraint in component.items():
                        place = self.compiled.row.get(id(constraint))
                        if place is not None:
                            rows.append(place)
                            row_weeks.append(key[-1])
        self.columns, self.values, self.weeks = np.array(columns), np.array(values), np.array(weeks)
        self.rows, self.row_weeks = np.array(rows, dtype=int), np.array(row_weeks)
        readout = self.account.operations.readout
        moved: dict[tuple[str, int], float] = {}
        keys = readout.response["ship"].keys
        for (lane, _, week), units in zip(keys, readout.dispatched(solution).tolist(), strict=True):
            moved[lane, week] = moved.get((lane, week), 0.0) + units
        self.moved = moved
        ship = readout.ours[self.scenario]["ship"]
        self.taken = dict(zip(ship.keys, ship.values(solution).tolist(), strict=True))
        fill = readout.response["fill"]
        self.fills = dict(zip(fill.keys, fill.values(solution).tolist(), strict=True))

    # One week ------------------------------------------------------------------------------------------------------------

    def losses(self, week: int) -> tuple[float, float]:
        """Counterpart's and our loss if it is settled in a week before the end.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum; both can always go on.
        """
        account, problem = self.account, self.problem
        extra, row = self._put(week), self.program.row_lower.size
        self.highs.set_row(row, -math.inf, math.inf)
        cost = self._least(week)
        mine, constant = self._own_cost(self.settled)
        own = self._best(week, mine, cost) if week >= self.reveal else self._surprised(week, mine, cost)
        own += constant + extra + usual_lasting(self.network)
        own += account.admin - account.benefits - problem.status_quo.cost
        theirs = cost - self.forfeits - problem.status_quo.response_cost + self._refused(week)
        return theirs + self.network.package_cost.get(self.scenario, 0.0), own

    def _least(self, week: int) -> float:
        """The response's least cost from a week on, forfeits included."""
        if week not in self.least:
            if self.opened.face_row is not None:
                self.highs.set_row(self.opened.face_row, -math.inf, math.inf)
            self.highs.set_cost(self.response_cost)
            outcome = self.highs.solve()
            if not outcome.optimal or outcome.objective is None:
                outcome = self.highs.solve_anew()
            if outcome.objective is None:
                raise ArithmeticError(
                    f"the response after a settlement in week {week} ended with {outcome.termination!r}"
                )
            self.least[week] = outcome.objective + self.constant
        return self.least[week]

    def _surprised(self, week: int, own_cost: np.ndarray, least: float) -> float:
        """Our least cost where nobody knows of the outage yet: what is decided until then is of least cost in `none`."""
        row, known = self.program.row_lower.size, self._best(week, self._own_cost(NONE)[0], least)
        for hair in (0.0, QUANTITY_NOISE):
            self.highs.set_row(row, -known - hair * max(1.0, abs(known)), math.inf)
            try:
                return self._best(week, own_cost, least)
            except ArithmeticError:
                # Rounding may leave no other way; a hair more does.
                continue
        raise ArithmeticError(f"our operations after a settlement in week {week} ended without an optimum")

    def _best(self, week: int, own_cost: np.ndarray, least: float) -> float:
        """Our least cost from a week on, up to a constant, under the response of least cost that is best for us."""
        self.highs.set_cost(own_cost)
        for wide in (False, True):
            if self.opened.face_row is not None:
                face = face_of(self.network, least, wide) - self.opened.face_offset
                self.highs.set_row(self.opened.face_row, -math.inf, face)
            outcome = self.highs.solve()
            if not outcome.settled:
                outcome = self.highs.solve_anew()
            if outcome.optimal and outcome.objective is not None:
                return outcome.objective
        if self.opened.face_row is not None:
            outcome = self._on_face(self.opened.face_row, own_cost)
            if outcome.optimal and outcome.objective is not None:
                return outcome.objective
        raise ArithmeticError(f"our operations after a settlement in week {week} ended without an optimum")

    def _on_face(self, row: int, own_cost: np.ndarray) -> Outcome:
        """Our least cost over the responses of least cost, where their row cannot hold them."""
        self.highs.set_row(row, -math.inf, math.inf)
        self.highs.set_cost(self.response_cost)
        outcome = self.highs.solve_anew()
        if not outcome.optimal:
            return outcome
        before = self.highs.snapshot()
        self.highs.keep_to_optima()
        self.highs.set_cost(own_cost)
        outcome = self.highs.solve_anew()
        self.highs.restore(before)
        return outcome

    def _lasting(self) -> np.ndarray:
        """What a unit of every column keeps of what may stay lost, shape (columns,)."""
        kept = np.zeros(self.program.cost.size)
        for (lane, _, _), variable in self.model.response.ship.items():
            place = self.compiled.column.get(id(variable))
            if place is not None:
                kept[place] = self.network.lasting.get(lane, 0.0)
        return kept

    def _put(self, week: int) -> float:
        """Put bounds and right-hand sides for a settlement in a week; return what reviews before it cost us beyond them."""
        program = self.program
        lower, upper = program.column_lower.copy(), program.column_upper.copy()
        row_lower, row_upper = program.row_lower.copy(), program.row_upper.copy()
        before = self.weeks < week
        lower[self.columns[before]] = upper[self.columns[before]] = self.values[before]
        past = self.rows[self.row_weeks < week]
        row_lower[past], row_upper[past] = -math.inf, math.inf
        self._put_response(week, lower, upper)
        first = self.account.first
        for family, amounts in ((self.model.qualify, first.qualify), (self.model.stockpile, first.stockpile)):
            for key, variable in family.items():
                place = self.compiled.column.get(id(variable))
                if place is not None:
                    lower[place] = upper[place] = float(amounts.get(key, 0.0))
        extra = self._put_arrivals(week, row_lower)
        self.highs.set_bounds(np.arange(lower.size), lower, upper)
        self.highs.set_rows(np.arange(row_lower.size), row_lower, row_upper)
        return extra

    def _put_response(self, week: int, lower: np.ndarray, upper: np.ndarray) -> None:
        """Open the arcs of every lane's policy before the week, as the plan uses them, and of ``open`` from then on."""
        for (lane, policy, when), variable in self.model.response.ship.items():
            place = self.compiled.column.get(id(variable))
            if place is None:
                continue
            regime = self.network.our_regime(self.network.lanes[lane])
            acting = OPEN if regime is None or when >= week else self.account.choice[regime]
            if policy != acting:
                lower[place] = upper[place] = 0.0
            elif when < week:
                lower[place] = upper[place] = self.moved[lane, when]
            else:
                least = self.data.contracted.get((lane, policy), ())
                lower[place] = least[when] if least else 0.0
                upper[place] = self.data.capacity[lane, policy, when] + lower[place]
        for variable in self.model.response.contract.values():
            place = self.compiled.column.get(id(variable))
            if place is not None:
                lower[place] = upper[place] = 0.0

    def _acting(self, lane: Lane) -> Policy | None:
        """The policy that acts on a lane that leaves the counterpart: our review, or the package's."""
        network = self.network
        if lane.regime in network.menu:
            return network.policy(lane.regime, self.account.choice[lane.regime])
        return network.package_policy(self.scenario, lane)

    def _put_arrivals(self, week: int, row_lower: np.ndarray) -> float:
        """Move the arrivals of what was dispatched to us under a policy before the week; return what it cost us more."""
        network, costs = self.network, []
        blocks = [self.model.ours[scenario] for scenario in self.ours]
        for lane in network.lanes_between("counterpart", "ours"):
            policy = self._acting(lane)
            for when in range(week) if policy is not None else ():
                units, kernel = self.taken.get((lane.lane, when), 0.0), network.kernel(policy, when)
                held = network.holding[lane.item] * holding_weeks(kernel) + network.paperwork(policy, lane, when)
                costs.append(network.weight[lane.destination] * held * units)
                for sign, each in ((1.0, kernel), (-1.0, network.kernel(None, when))):
                    arriving, late = arrival_terms([(None, lane, when, each)], network.weeks)
                    for ours in blocks:
                        for index, terms in arriving.items():
                            self._shift(row_lower, ours.balance, index, sign * units * sum(share for share, _ in terms))
                        for pair, terms in late.items():
                            self._shift(row_lower, ours.terminal, pair, sign * units * sum(share for share, _ in terms))
        return math.fsum(costs)

    def _shift(self, row_lower: np.ndarray, family: Any, index: Any, units: float) -> None:
        place = self.compiled.row.get(id(family[index])) if index in family else None
        if place is not None:
            row_lower[place] -= units

    def _refused(self, week: int) -> float:
        """What refusals before the week cost the counterpart: a package's, and those of our reviews of imports."""
        network, found = self.network, []
        for lane in network.lanes_between("counterpart", "ours", "other"):
            policy = self._acting(lane)
            for when in range(week) if policy is not None else ():
                refused = network.margin_at_stake(lane) * (1.0 - network.granted(policy, when))
                refused *= network.weekly.base_flow[lane.lane][when]
                filled = self.fills.get((lane.origin, lane.item, when), 1.0)
                tracked = (lane.origin, lane.item) in network.sold_abroad
                found.append(refused * (filled if tracked else 1.0))
        return math.fsum(found)


def _weekly(component: Any, block: Any) -> bool:
    """Whether a family has a member for every week, which comes last in its index."""
    last = component.sets[-1] if component.sets else None
    return last is not None and (last is block.weeks or last is block.component("later_weeks"))
