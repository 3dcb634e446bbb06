"""The leader problem with limits that may give, and the least they must give under any choice of policies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sparse

from ...model.algebra import Constraint
from ...model.follower.combinations import Candidates, TooManyCombinations
from ...model.follower.enumerate import Enumerator
from ...model.formulation.linking import Choice, LeaderProblem
from ...model.formulation.scenario_data import SIDE
from ...model.leader.cuts import Cut
from ...model.leader.fixed_policy import FixedPolicySolver
from ...model.leader.problem import Problem
from ...model.methods.cut_pool import CutPool
from ...model.network import NONE
from ...model.plan.limits import BUDGET, LIMITED, STOCKPILE_VALUE, SolveLimits, with_rounding
from ...model.plan.monitor import Stopped
from ...model.plan.tolerances import DUAL_COUNTS, GAP_CLOSED, INTEGRAL
from ...model.solver.arrays import Program
from ...model.solver.highs import PRIMAL, TolerantHighs
from .limits import KINDS, Limit, LimitFigure, figures_of, limits_of, supplier
from .questions import ElasticAnswer, ElasticLeaf, ElasticTree, Question, Slack


def gap_column(leader_problem: LeaderProblem, limit: Limit) -> int:
    """Return the column of a limit's gap; -1 where the limit is about policies alone."""
    model, figure = leader_problem.model, limit.figure
    if figure.kind in (BUDGET, STOCKPILE_VALUE):
        if model.component(figure.kind) is None:
            return -1
        gap = model.budget_gap if figure.kind == BUDGET else model.value_gap
        return leader_problem.compiled.column.get(id(gap), -1)
    if figure.kind in LIMITED:
        return -1
    gaps = model.ours[limit.scenario].component(KINDS[figure.kind].gap)
    index = (*figure.key, *([] if limit.party is None else [limit.party]))
    return leader_problem.compiled.column.get(id(gaps[index if len(index) > 1 else index[0]]), -1)


def intake(
    leader_problem: LeaderProblem, figure: LimitFigure, scenario: str = NONE
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return columns of what every party or site ships of a share limit's item, and of all that counts as its intake."""
    network, b = leader_problem.network, leader_problem.model.ours[scenario]
    item = figure.key[0]
    own: dict[str, list[Any]] = {}
    for lane in b.data.lanes:
        if lane.item == item and network.side[lane.origin] != SIDE:
            name = supplier(network, figure.kind, lane)
            own.setdefault(name, []).extend(b.ship[lane.lane, week] for week in b.weeks)
    processes = [name for name in b.data.processes if network.processes[name].output == item]
    made = [b.make[name, week] for name in processes for week in b.weeks]
    columns = {party: _columns(leader_problem, variables) for party, variables in own.items()}
    return columns, np.concatenate([*columns.values(), _columns(leader_problem, made)])


def _columns(leader_problem: LeaderProblem, variables: Sequence[Any]) -> np.ndarray:
    places = leader_problem.compiled.columns(variables)
    return places[places >= 0]


class Elastic(FixedPolicySolver):
    """The leader problem whose limits may give, warm from one question to the next.

    Every limit has a gap of its own (`Limit`), and every figure of the case one that all its limits share (`LimitFigure`).

    Parameters
    ----------
    problem
        The case made ready.
    threads
        Processes that work out responses, where they are needed.
    stop
        Asked at every program.
    progress
        Called at every program solved.
    others : dict of Figure to array of int, optional
        Figures that the case does not hold, with the columns of the gaps that each moves; they take the place of the limits of
        their kind.
    """

    def __init__(
        self,
        problem: Problem,
        threads: int = 1,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[], None] = lambda: None,
        others: Mapping[LimitFigure, np.ndarray] | None = None,
    ):
        super().__init__(problem.leader_problem, 0.0, stop=stop)
        self.problem = problem
        self.threads = threads
        self.progress = progress
        others = others or {}
        replaced = {figure.kind for figure in others}
        self.limits = [limit for limit in limits_of(problem) if limit.figure.kind not in replaced]
        self.figures = [*figures_of(self.limits), *others]
        self.solves = 0
        self.narrow = False
        self.proven: np.ndarray | None = None
        self._cut_pool: CutPool | None = None
        self._open_cost = problem.response_cost(problem.all_open)
        self._extend(others)

    # The program -----------------------------------------------------------------------------------------------------

    def _extend(self, others: Mapping[LimitFigure, np.ndarray]) -> None:
        """Give every figure a gap of its own: the sum of the columns of its limits' gaps."""
        program = self.leader_problem.program
        own = {limit: gap_column(self.leader_problem, limit) for limit in self.limits}
        self.column: dict[Slack, int] = {limit: place for limit, place in own.items() if place >= 0}
        added: list[Any] = []
        for figure in self.figures:
            places = [own[limit] for limit in self.limits if limit.figure == figure and own[limit] >= 0]
            places += others.get(figure, np.empty(0, dtype=int)).tolist()
            if places:
                self.column[figure] = program.cost.size + len(added)
                added.append(sparse.csc_matrix(program.matrix[:, places].sum(axis=1)))
        zeros = np.zeros(len(added))
        relaxed = program.relaxed()
        self.program = replace(
            relaxed,
            cost=np.zeros(program.cost.size + len(added)),
            matrix=sparse.csc_matrix(sparse.hstack([program.matrix, *added])),
            column_lower=np.concatenate([relaxed.column_lower, zeros]),
            column_upper=np.concatenate([relaxed.column_upper, zeros]),
            integer=np.zeros(program.cost.size + len(added), dtype=bool),
            offset=0.0,
        )
        self._slack_columns = np.array(list(self.column.values()), dtype=np.int32)
        # One for choices of policies, one for all of them at once: each keeps its basis.
        self._choice_highs = TolerantHighs(self.program, presolve="off", solver="simplex")
        self._alone_highs = TolerantHighs(self._alone(), presolve="off", solver="simplex")
        self.relaxed = self._choice_highs
        self._price(Question({}))

    def _alone(self) -> Program:
        """Our side alone, whatever the counterpart does: rows of the response, its links and our losses free."""
        model, program = self.leader_problem.model, self.program
        lower, upper = program.row_lower.copy(), program.row_upper.copy()
        families = [model.fill_link, model.order_link, model.margin_link, model.least_cost, model.own_loss]
        for family in (*families, *model.response.component_objects(Constraint)):
            rows = self.leader_problem.compiled.rows(family)
            lower[rows], upper[rows] = -math.inf, math.inf
        return replace(program, row_lower=lower, row_upper=upper)

    def _price(self, question: Question) -> None:
        """Set prices and bounds of gaps for a question."""
        kept = set(question.kept)
        whole = {slack for slack in (*question.priced, *kept) if isinstance(slack, LimitFigure)}
        self.cost = np.zeros(self.program.cost.size)
        upper = np.zeros(len(self.column))
        for number, (slack, place) in enumerate(self.column.items()):
            if slack in question.priced:
                upper[number] = math.inf
                self.cost[place] = question.priced[slack]
            elif slack not in kept and (isinstance(slack, LimitFigure) == bool(whole)):
                upper[number] = math.inf
        self.question = question
        self._upper = upper
        # What proves that limits to be kept cannot be: their gaps alone.
        self._phase_cost = np.zeros(self.program.cost.size)
        self._phase_upper = upper.copy()
        for number, (slack, place) in enumerate(self.column.items()):
            if slack in kept:
                self._phase_cost[place] = 1.0 / _scale(slack)
                self._phase_upper[number] = math.inf

    def _use(self, highs: TolerantHighs, phase: bool = False) -> None:
        upper = self._phase_upper if phase else self._upper
        highs.set_cost(self._phase_cost if phase else self.cost)
        highs.set_bounds(self._slack_columns, np.zeros_like(upper), upper)

    def _set_choice(self, choice: Choice, cost: float, admin: float) -> None:
        self.relaxed = self._choice_highs
        self._set(self.relaxed, choice, cost, 0.0, admin)
        self.relaxed.set_offset(0.0)

    def _set_alone(self) -> None:
        self.relaxed = self._alone_highs
        self._chosen = dict.fromkeys(self.leader_problem.policy_bounds.columns, 1.0)
        for row in self._budget_rows:
            self.relaxed.set_row(row, -math.inf, self.solve_limits.budget)
        if self.solve_limits.least_fill is not None:
            for row in self._fill_rows:
                self.relaxed.set_row(row, self.solve_limits.least_fill * self.weeks, math.inf)

    # One choice of policies, or all at once -----------------------------------------------------------------------

    def _tree(self, admin: float, cutoff: float) -> ElasticTree:
        """Branch and bound; values that are not below the cutoff are of no interest."""
        highs, binaries = self.relaxed, self.binaries
        program = self.leader_problem.program
        first = (program.column_lower[binaries].copy(), program.column_upper[binaries].copy())
        waiting = [first]
        best, solution, bound = math.inf, None, math.inf
        leaves: list[ElasticLeaf] = []
        self._use(highs)
        while waiting:
            if self.stop():
                raise Stopped
            lower, upper = waiting.pop()
            highs.set_bounds(binaries, lower, upper)
            self.solves += 1
            self.progress()
            outcome = highs.solve()
            if not outcome.settled:
                outcome = highs.solve_anew()
            if outcome.infeasible:
                self._use(highs, phase=True)
                outcome = highs.solve()
                if outcome.infeasible and self.leader_problem.operational.size:
                    # No gap makes up for an order that is more than the lane carries, or for a price that is out of reach:
                    # there is nothing here, and nothing is told of other policies.
                    if len(self.problem.network.menu):
                        silent = Cut(0.0, np.zeros_like(self._most_outputs), np.zeros(3))
                        leaves.append(ElasticLeaf(silent, 0.0, frozenset()))
                    self._use(highs)
                    continue
                if not outcome.optimal or outcome.objective is None or outcome.solution is None:
                    raise ArithmeticError(f"a feasibility cut ended with {outcome.termination!r}")
                leaves.append(self._leaf(outcome.objective, outcome.solution, admin, feasibility_cut=True))
                if outcome.objective <= GAP_CLOSED:
                    bound = 0.0
                self._use(highs)
                continue
            if not outcome.optimal or outcome.objective is None or outcome.solution is None:
                raise ArithmeticError(f"an elastic program ended with {outcome.termination!r}")
            values = outcome.solution[binaries]
            distance = np.abs(values - np.round(values))
            ceiling = min(best, cutoff)
            whole = distance.size == 0 or distance.max() <= INTEGRAL
            if whole or outcome.objective >= ceiling - _tolerance(ceiling):
                leaves.append(self._leaf(outcome.objective, outcome.solution, admin, feasibility_cut=False))
                bound = min(bound, outcome.objective)
                if whole and outcome.objective < best:
                    best, solution = max(0.0, outcome.objective), outcome.solution
                continue
            place = int(distance.argmax())
            nearer = round(float(values[place]))
            for level in (1 - nearer, nearer):
                ends = lower.copy(), upper.copy()
                ends[0][place] = ends[1][place] = level
                waiting.append(ends)
        highs.set_bounds(binaries, *first)
        return ElasticTree(best, solution, max(0.0, bound), leaves)

    def _leaf(self, value: float, solution: np.ndarray, admin: float, feasibility_cut: bool) -> ElasticLeaf:
        price = self._phase_cost if feasibility_cut else self.cost
        reduced = self.relaxed.column_duals()
        core = frozenset(
            slack
            for slack, place in self.column.items()
            if price[place] - reduced[place] > DUAL_COUNTS * price[place] > 0
        )
        return ElasticLeaf(self.cut(solution, -value, admin, feasibility_cut), value, core)

    # All choices of policies ----------------------------------------------------------------------------------------

    def least(self, question: Question, enough: float = 0.0) -> ElasticAnswer:
        """Return the least weighted sum of gaps under any choice of policies.

        All open comes first. Where that needs gaps, the relaxation that allows everything at once tells whether any choice
        of policies could do with less; only where it could are they searched.

        Parameters
        ----------
        question
            What is asked.
        enough
            A value at which to stop.

        Raises
        ------
        Stopped
            When stopped.
        """
        self._price(question)
        self.core = None
        all_open = self.problem.all_open
        self._set_choice(all_open, self._open_cost, 0.0)
        tree = self._tree(0.0, math.inf)
        best = ElasticAnswer(tree.value, all_open, tree.solution)
        self.core = frozenset().union(*(leaf.core for leaf in tree.leaves))
        if best.value <= max(enough, 0.0) + GAP_CLOSED:
            return best
        if self._anywhere(tree) >= best.value - _tolerance(best.value):
            return best
        if len(self.problem.network.menu) and self.alone_bound(best.value) < best.value - _tolerance(best.value):
            self.core = None
            return self._search(best, tree, enough)
        return best

    def _anywhere(self, tree: ElasticTree) -> float:
        """Lower bound on the value whatever the policies: the leaves' cuts at the outputs that suit them best."""
        most, menus = self._most_outputs, self.problem.network.menu.items()
        remaining = self.remaining(0.0)
        values = []
        for leaf in tree.leaves:
            slope = leaf.cut.slope
            reached = float(slope[slope > 0] @ most[slope > 0])
            reached += math.fsum(
                max(leaf.cut.rents.get((regime, policy), 0.0) for policy in menu) for regime, menu in menus
            )
            values.append(
                float(_bounds(leaf.cut, np.array(leaf.cut.constant + reached + leaf.cut.value_of_remaining(remaining))))
            )
        return min(values)

    @cached_property
    def _most_outputs(self) -> np.ndarray:
        """The most that every output of the response can be, shape (outputs,)."""
        _, _, columns = self._reader.links
        return np.where(columns >= 0, self.leader_problem.program.column_upper[columns], 0.0)

    def alone_bound(self, cutoff: float) -> float:
        """Lower bound on the value of the question under any choice of policies; inf where what must hold cannot."""
        self._set_alone()
        tree = self._tree(0.0, cutoff)
        self.core = frozenset().union(*(leaf.core for leaf in tree.leaves))
        return tree.bound

    @property
    def cut_pool(self) -> CutPool:
        """Every choice of policies with its response, whatever limits it breaks."""
        if self._cut_pool is None:
            self._cut_pool = self._work_out_responses()
        return self._cut_pool

    def _work_out_responses(self) -> CutPool:
        problem = self.problem
        try:
            candidates = Candidates(problem.network, SolveLimits())
        except TooManyCombinations:
            candidates = Candidates(problem.network, SolveLimits.of(problem.case))
            self.narrow = True
        enumerator = Enumerator(problem.response, self.threads, self.stop)
        if not candidates.work_out(enumerator, self._open_cost, problem.open_outputs):
            raise Stopped
        return CutPool(candidates, enumerator)

    def close(self) -> None:
        """End the processes."""
        if self._cut_pool is not None:
            self._cut_pool.enumerator.close()

    def _charges(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """What every candidate is charged for its policies' loads, and what they use beyond limits."""
        candidates = self.cut_pool.candidates
        charge = np.zeros(len(candidates))
        over: dict[str, np.ndarray] = {}
        for name, resource in LIMITED.items():
            everything: list[Slack] = [*self.limits, *self.figures]
            slacks = [slack for slack in everything if _kind(slack) == name]
            if not slacks:
                continue
            limit = slacks[0].figure.limit if isinstance(slacks[0], Limit) else slacks[0].limit
            beyond = np.maximum(0.0, candidates.loads[resource.column] - with_rounding(limit))
            over[name] = np.where(beyond > 0, candidates.loads[resource.column] - limit, 0.0)
            for slack in slacks:
                if slack in self.question.kept:
                    charge[beyond > 0] = math.inf
                elif slack in self.question.priced and slack not in self.column:
                    charge += self.question.priced[slack] * over[name]
        return charge, over

    def _search(self, best: ElasticAnswer, tree: ElasticTree, enough: float) -> ElasticAnswer:
        """Best first over all candidates, as `BestFirstSearch` does for leverage."""
        cut_pool = self.cut_pool
        c = cut_pool.candidates
        charge, over = self._charges()
        remaining = self.remaining(c.admin)
        lower, proven = charge.copy(), charge.copy()
        solved = np.zeros(len(c), dtype=bool)
        trees: list[list[int]] = []

        def note(place: int, grown: ElasticTree) -> None:
            solved[place] = True
            lower[place] = proven[place] = math.inf
            if not grown.leaves:
                return
            numbers = [cut_pool.add(leaf.cut) for leaf in grown.leaves]
            trees.append(numbers)
            seen = [_bounds(cut_pool.cuts[number], cut_pool.seen(number, remaining)) for number in numbers]
            np.maximum(lower, charge + np.min(seen, axis=0), out=lower)

        first = c.find(tuple(0 for _ in c.regimes))
        assert first is not None
        note(first, tree)
        used = 0
        while best.value > max(enough, 0.0) + GAP_CLOSED:
            if self.stop():
                raise Stopped
            goal = best.value - _tolerance(best.value) if math.isfinite(best.value) else math.inf
            place = _lowest(lower, goal, c.closed)
            if place is None:
                doubtful = np.flatnonzero(~solved & (proven < goal))
                if not doubtful.size:
                    break
                if used < len(trees):
                    values = [
                        _bounds(cut_pool.cuts[number], cut_pool.over_faces(number, remaining, doubtful))
                        for number in trees[used]
                    ]
                    proven[doubtful] = np.maximum(proven[doubtful], charge[doubtful] + np.min(values, axis=0))
                    used += 1
                    continue
                place = int(doubtful[np.argmin(proven[doubtful])])
            choice = c.choice(place)
            self._set_choice(choice, float(c.cost[place]), float(c.admin[place]))
            grown = self._tree(float(c.admin[place]), best.value - float(charge[place]))
            value = grown.value + float(charge[place])
            if value < best.value:
                best = ElasticAnswer(
                    value, choice, grown.solution, {name: float(most[place]) for name, most in over.items()}
                )
            note(place, grown)
        self.proven = np.where(solved, best.value, proven)
        return best

    def under(self, question: Question, answer: ElasticAnswer) -> ElasticAnswer:
        """Return the answer to a question under the policies of another answer."""
        self._price(question)
        self._choose(answer.choice)
        tree = self._tree(self.problem.admin_cost(answer.choice), math.inf)
        return replace(answer, value=tree.value, solution=tree.solution)

    def _choose(self, choice: Choice) -> None:
        is_open = choice == self.problem.all_open
        cost = self._open_cost if is_open else self.problem.response_cost(choice)
        self._set_choice(choice, cost, self.problem.admin_cost(choice))

    # Reading answers --------------------------------------------------------------------------------------------------

    def gap(self, slack: Slack, answer: ElasticAnswer) -> float:
        """Gap of a limit or a figure in an answer, in its own unit."""
        place = self.column.get(slack)
        if place is None:
            return answer.over.get(_kind(slack), 0.0)
        return 0.0 if answer.solution is None else max(0.0, float(answer.solution[place]))

    def share(self, figure: LimitFigure, answer: ElasticAnswer) -> float:
        """Return the largest share that a party has in our intake of an item, in any scenario in which it is limited."""
        assert answer.solution is not None
        shares = [0.0]
        for scenario in self._scenarios_of(figure):
            own, total = intake(self.leader_problem, figure, scenario)
            taken = float(answer.solution[total].sum())
            if taken > 0:
                shares += [float(answer.solution[columns].sum()) / taken for columns in own.values()]
        return max(shares)

    def _scenarios_of(self, figure: LimitFigure) -> list[str]:
        """Scenarios in which a limit on shares holds."""
        leader_problem = self.leader_problem
        return [name for name in leader_problem.model.ours if leader_problem.network.shares_hold(figure.key[0], name)]

    def set_share(self, figure: LimitFigure, share: float) -> None:
        """Move a share limit, whose gap may then be negative: what is left of the intake."""
        for scenario in self._scenarios_of(figure):
            self._set_share(figure, share, scenario)

    def _set_share(self, figure: LimitFigure, share: float, scenario: str) -> None:
        own, total = intake(self.leader_problem, figure, scenario)
        none, b = (self.leader_problem.model.ours[name] for name in (NONE, scenario))
        party_wise = figure.kind == "max_party_share"
        rows, gaps = (b.concentration, none.share_gap) if party_wise else (b.supplier_most, none.supplier_gap)
        for party, columns in own.items():
            row = self.leader_problem.compiled.row[id(rows[figure.key[0], party])]
            gap = self.leader_problem.compiled.column[id(gaps[figure.key[0], party])]
            sign = -float(self.leader_problem.program.matrix[row, gap])
            theirs = set(columns.tolist())
            for highs in (self._choice_highs, self._alone_highs):
                for column in total.tolist():
                    highs.set_entry(row, column, sign * ((column in theirs) - share))

    def late_fills(self, limit: Limit, answer: ElasticAnswer) -> np.ndarray:
        """Fills of a limit's demand week by week, where an answer's gaps allow several the ones that fall short latest."""
        assert answer.solution is not None
        b = self.leader_problem.model.ours[limit.scenario]
        places = self.leader_problem.compiled.columns(b.fill[(*limit.figure.key, week)] for week in b.weeks)
        highs = self._choice_highs
        self._choose(answer.choice)
        upper = np.maximum(0.0, answer.solution[self._slack_columns])
        cost = np.zeros(self.program.cost.size)
        cost[places] = -1.0 - 0.1 * np.arange(places.size, 0, -1) / places.size
        highs.set_cost(cost)
        # A hair more than the answer's gaps, so that its rounding leaves room.
        highs.set_bounds(self._slack_columns, np.zeros_like(upper), upper + 1e-9)
        binaries = self.binaries
        held = np.round(answer.solution[binaries])
        highs.set_bounds(binaries, held, held)
        # Only prices move: the basis stays primal feasible.
        program = self.leader_problem.program
        try:
            with highs.options(simplex_strategy=PRIMAL):
                outcome = highs.solve()
        finally:
            highs.set_bounds(binaries, program.column_lower[binaries], program.column_upper[binaries])
        solution = outcome.solution if outcome.optimal and outcome.solution is not None else answer.solution
        return np.clip(solution[places], 0.0, 1.0)


def _scale(slack: Slack) -> float:
    return slack.figure.scale if isinstance(slack, Limit) else slack.scale


def _kind(slack: Slack) -> str:
    return slack.figure.kind if isinstance(slack, Limit) else slack.kind


def _tolerance(value: float) -> float:
    return max(GAP_CLOSED, 1e-7 * abs(value)) if math.isfinite(value) else 0.0


def _bounds(cut: Cut, value: np.ndarray) -> np.ndarray:
    """Lower bounds on the value of a question from a leaf's cut at some candidates."""
    if cut.feasibility_cut:
        return np.where(-value > GAP_CLOSED, math.inf, 0.0)
    return np.maximum(0.0, -value)


def _lowest(lower: np.ndarray, goal: float, closed: np.ndarray) -> int | None:
    """Candidate with the lowest bound below the goal; among ties the one with fewest policies, then the first."""
    least = float(lower.min(initial=math.inf))
    if not least < goal:
        return None
    near = np.flatnonzero(lower <= least + GAP_CLOSED)
    return int(near[np.argmin(closed[near])])
