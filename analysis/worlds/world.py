"""One world made ready: its programs, responses and cuts, and the best that it allows by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data import Fault
from ...data.units import Units
from ...model.certify.certificate import Compared, certify, refuse_breaches
from ...model.certify.figures import Account, Figures
from ...model.follower.enumerate import FollowerSolver, choice_of, policy_indices_of
from ...model.leader.carried import CARRIED, Carrier, Names
from ...model.leader.cuts import Cut
from ...model.leader.here_and_now import HereAndNow, StageCut, Visit
from ...model.leader.problem import Problem
from ...model.leader.recompute import FirstStage
from ...model.methods.cut_pool import scale
from ...model.methods.engine import Engine
from ...model.plan.limits import SolveLimits
from ...model.plan.tolerances import LEVERAGE_TIE, LIMIT_KEPT, SMALL_CERTIFICATE
from ...model.solver.bases import Statuses
from ...model.solver.highs import Outcome
from ..figures.factors import DesignError
from .appraised import affordable, appraised
from .bases import StageBases, Terms, worked_out
from .master import Lines, WorldLines, unless_exempt
from .told import Alone, Appraised, Begun, Key, Known, WorldAccount

if TYPE_CHECKING:
    from ...data import Case
    from ...model.follower.enumerate import PolicyIndices


class World:
    """One world; money and goods in the natural units of the case that all worlds are made from.

    Parameters
    ----------
    case
        Its case.
    units
        Natural units, the same for all worlds.
    stop
        Asked while programs are built and solved.
    number
        Its number among all worlds.
    like
        What a world much like it ended with, where its own programs begin.

    Attributes
    ----------
    problem, engine
        The world's case made ready to be solved.
    bound
        Of the best leverage that it allows by itself; after `alone`.
    charged
        Whether no plan keeps its limits, so that gaps are charged for.
    """

    def __init__(
        self,
        case: Case,
        units: Units,
        stop: Callable[[], bool] = lambda: False,
        number: int = 0,
        like: Begun | None = None,
    ):
        self.number = number
        self.stop = stop
        self.problem = Problem.natural(case, stop=stop, units=units)
        _refuse_whole_numbers(self.problem)
        self.engine = Engine(self.problem.case, problem=self.problem, stop=stop)
        self.bound = math.inf
        self.charged = False
        self._like = like
        self._free_basis: Any = None
        self._known: list[Known] = []
        self._stage: HereAndNow | None = None
        self._places = np.empty(0, dtype=int)
        self._keys: tuple[Key, ...] = ()
        self._exempt: int | None = None
        self._hopeless = False
        self._bases = StageBases()

    # What it allows by itself ----------------------------------------------------------------------------------------

    def alone(self, rel_gap: float) -> Alone:
        """Find the best that the world allows by itself, and tell what it offers."""
        self._carry_over()
        hint = None if self._like is None else self._like.choice
        enumerator = self.engine.enumerator
        # One program after another, none from a cold start.
        enumerator.responder = FollowerSolver(self.problem.response, self.problem.stop)
        found = self.engine.search(rel_gap=rel_gap, hint=hint, settled=False, fallback=False)
        enumerator.responder = None
        menu = self.problem.network.menu
        for (choice, *_), basis in self.problem.fixed_policy.bases.items():
            self._bases.keep((policy_indices_of(dict(choice), menu), b"", False), basis)
        self.charged = self._hopeless = found.choice is None and found.bound == -math.inf
        self._nothing_held = HereAndNow(self.problem.fixed_policy, np.empty(0, dtype=np.int64))
        self.bound = found.bound
        # Its own program is solved no more, and nobody begins where it ended.
        self.problem.settle()
        self.engine.forget_programs()
        self.engine.candidates.shrink()
        self._like = None
        limits = SolveLimits.of(self.problem.case)
        known = (
            found.leverage,
            found.bound,
            self.charged,
            self._offers(),
            self._combinations(),
            limits.budget,
            self.price,
        )
        if found.choice is None or found.solution is None:
            return Alone(*known)
        return Alone(*known, policy_indices_of(found.choice, menu), self._bought(found.solution))

    def begun(self, rel_gap: float) -> Begun:
        """Find the best that the world allows by itself, for others to begin where that ended."""
        problem = self.problem
        names = Names(problem.leader_problem), Names(problem.opened)
        opened = Statuses.of(problem.status_quo.basis)
        found = self.engine.search(rel_gap=rel_gap)
        bought = {} if found.solution is None else self._bought(found.solution)
        fixed_policy = self.problem.fixed_policy
        # All open, which every world begins with, and the plan that others look at next.
        chosen = [tuple(each.items()) for each in (self.problem.all_open, found.choice) if each is not None]
        nodes = {node: Statuses.of(basis) for node, basis in fixed_policy.bases.items() if node[0] in chosen}
        self._nothing_held = HereAndNow(fixed_policy, np.empty(0, dtype=np.int64))
        candidates = self.engine.cut_pool.candidates
        self.constant = self.problem.constant(candidates.cost, candidates.admin)
        self._ceiling_cut()
        ended = Statuses.of(fixed_policy.relaxed.get_basis())
        return Begun(*names, nodes, opened, ended, found.choice, bought)

    def _carry_over(self) -> None:
        """Begin relaxations with the bases that they ended with in the world it is like."""
        like, problem = self._like, self.problem
        if like is None:
            return
        problem.opened_start = Carrier(like.opened_names, problem.opened)(like.opened)
        carrier = Carrier(like.names, problem.leader_problem)
        problem.start = carrier(like.ceiling)
        problem.fixed_policy.repriced = True
        problem.fixed_policy.bases |= {node: carrier(basis) for node, basis in like.nodes.items()}
        self._free_basis = problem.start

    @property
    def hopeless(self) -> bool:
        """Whether no plan keeps its limits, whether continuity is asked for there or not."""
        return self._hopeless

    @property
    def price(self) -> float:
        """What a unit that fills lack is charged for, money."""
        return self._nothing_held.price

    # Memory ----------------------------------------------------------------------------------------------------------

    @property
    def entries(self) -> int:
        """Entries of its program, which say how much memory HiGHS takes for it."""
        return int(self.problem.leader_problem.program.matrix.nnz)

    def rest(self) -> None:
        """Give back the memory of HiGHS but for what makes it anew, and the basis."""
        self.problem.fixed_policy.relaxed.rest(self.problem.leader_problem.program)

    def wake(self) -> None:
        """Be ready to solve."""
        self.problem.fixed_policy.relaxed.wake()

    # The first stage and the combinations ----------------------------------------------------------------------------

    def _offers(self) -> dict[Key, tuple[float, float]]:
        """Return most and price of every first-stage choice, in natural units; a lane's price is its fixed cost."""
        network = self.problem.network
        offered: dict[Key, tuple[float, float]] = {
            ("qualify", name): (1.0, cost) for name, cost in network.to_qualify.items()
        }
        for pair, row in network.stocks.items():
            if network.side[pair[0]] == "ours" and row.stockpile_max > 0:
                offered["stockpile", pair] = (row.stockpile_max, network.stockpile_price(pair))
        return offered

    def _bought(self, solution: np.ndarray) -> dict[Key, float]:
        """Return what a solution of its leader problem buys of every first-stage choice, in natural units."""
        choices = self.problem.choices
        return {
            (kind, key): float(solution[place])
            for kind, family in (("qualify", choices.qualify), ("stockpile", choices.stockpile))
            for key, place in zip(family.keys, family.columns.tolist(), strict=True)
            if place >= 0
        }

    def _combinations(self) -> list[PolicyIndices]:
        """Return the combinations of policies that its limits allow, by number."""
        candidates = self.engine.cut_pool.candidates
        return [candidates.policy_indices(place) for place in range(len(candidates))]

    def settle(self, keys: Sequence[Key], combinations: Sequence[PolicyIndices]) -> tuple[np.ndarray, np.ndarray]:
        """Take note of the first stage and the combinations that all worlds have in common.

        Returns
        -------
        admin, ceiling : array, shape (combinations,)
            Admin costs, and what bounds leverage whatever the first stage.
        """
        self._keys = tuple(keys)
        choices = self.problem.choices
        column = {
            (kind, key): int(place)
            for kind, family in (("qualify", choices.qualify), ("stockpile", choices.stockpile))
            for key, place in zip(family.keys, family.columns.tolist(), strict=True)
        }
        self._stage = self._nothing_held.over(np.array([column.get(key, -1) for key in keys], dtype=np.int64))
        candidates = self.engine.cut_pool.candidates
        places = [candidates.find(indices) for indices in combinations]
        self._places = np.array([place for place in places if place is not None], dtype=int)
        self.constant = self.problem.constant(candidates.cost, candidates.admin)
        self._remaining = self.problem.fixed_policy.remaining(candidates.admin)
        self._exempt = next(
            (place for place, (kind, key) in enumerate(keys) if kind == "exempt" and key == self.number), None
        )
        self._ceiling = self._bound_alone()
        if self._exempt is None:
            return candidates.admin[self._places], self._ceiling[self._places]
        # The bound is none of what the world allows by itself.
        self._free_ceiling = self._ceiling if self.charged else self._bound_free()
        self.charged = False
        offered = self._offers()
        self._most = np.array([offered.get(key, (0.0, 0.0))[0] for key in keys])
        return candidates.admin[self._places], self._free_ceiling[self._places]

    def _bound_free(self) -> np.ndarray:
        """What bounds leverage under every combination where limits on supply need not hold."""
        bare, most = self._over_faces(self._ceiling_cut())
        return self.constant + bare + most

    def _ceiling_cut(self) -> Cut:
        candidates = self.engine.cut_pool.candidates
        place = candidates.find(tuple(0 for _ in candidates.regimes))
        assert place is not None
        terms = float(candidates.cost[place]), float(self.constant[place]), float(candidates.admin[place])
        with self._beginning(self._free_basis):
            return self._nothing_held.ceiling(candidates.choice(place), *terms)

    @contextmanager
    def _beginning(self, basis: Any) -> Iterator[None]:
        """Begin what is asked of the relaxation with a basis, where there is one, near an optimum."""
        relaxed = self.problem.fixed_policy.relaxed
        if basis is None:
            yield
            return
        relaxed.set_basis(basis)
        with relaxed.options(**CARRIED):
            yield

    def _bound_alone(self) -> np.ndarray:
        """What bounds leverage under every combination whatever the first stage: what the world allows by itself tells."""
        if self.charged:
            return self._bound_free()
        bound = np.full(self.constant.size, self.bound)
        pool, every = self.engine.cut_pool, np.arange(self.constant.size)
        for cover in pool.covers:
            most = np.max([pool.around(number, self._remaining, every) for number in cover], axis=0)
            np.minimum(bound, self.constant + most, out=bound)
        return bound

    # Values and bounds -----------------------------------------------------------------------------------------------

    def visit(self, number: int, point: np.ndarray) -> Visit:
        """Work out a first stage beside a combination, and take note of what it bounds."""
        assert self._stage is not None
        candidates, place = self.engine.cut_pool.candidates, int(self._places[number])
        terms = float(candidates.cost[place]), float(self.constant[place]), float(candidates.admin[place])
        visit = self._work_out(
            (candidates.choice(place), *terms), point, charged=self.charged, free=self._exempted(point)
        )
        for cut in visit.cuts:
            self._learn(place, cut)
        return visit

    def _work_out(self, terms: Terms, point: np.ndarray, *, charged: bool = False, free: bool = False) -> Visit:
        """Work out a first stage from the basis of the one most like it; parameters as of `HereAndNow.visit`."""
        assert self._stage is not None
        asked = policy_indices_of(terms[0], self.problem.network.menu), point.tobytes(), free
        return worked_out(self._bases, self._stage, asked, terms, point, charged, free)

    def appraise(self, indices: PolicyIndices, bought: np.ndarray) -> Appraised:
        """Work out a given plan from the basis of the one most like it, whether the world's limits allow it or not.

        Parameters
        ----------
        indices
            Policies by number.
        bought : array, shape (first-stage columns,)
            What it buys; stockpiles are cut to what the world offers.
        """
        assert self._stage is not None
        problem, network = self.problem, self.problem.network
        offered = self._offers()
        most, prices = np.array([offered.get(key, (0.0, 0.0)) for key in self._keys]).reshape(-1, 2).T
        point = np.minimum(bought, most)
        choice, candidates = choice_of(indices, network.menu), self.engine.cut_pool.candidates
        place = candidates.find(indices)
        within = place is not None
        if place is None:
            cost = FollowerSolver(self.engine.cut_pool.enumerator.arrays, self.stop).solve(indices)[0]
        else:
            cost = float(candidates.cost[place])
        admin = problem.admin_cost(choice)
        terms, limits = (choice, cost, float(problem.constant(cost, admin)), admin), problem.fixed_policy.solve_limits
        affording = affordable(limits, admin + float(prices @ point))
        problem.fixed_policy.solve_limits, within = affording, within and affording is limits
        try:
            # Where no plan keeps continuity this one does not; another budget or other limits may allow more.
            short = within and (self._hopeless or self._falls_short(place, point))
            ask = partial(self._work_out, terms, point)
            return appraised(ask, within=within, short=short, sharing=self._exempt is not None)
        finally:
            problem.fixed_policy.solve_limits = limits

    def _falls_short(self, place: int | None, point: np.ndarray) -> bool:
        """Whether what is known already proves that a first stage does not keep the limits on supply beside a combination."""
        return place is not None and any(
            known.at(place, point) < -LIMIT_KEPT for known in self._known if known.kind == "kept"
        )

    def _exempted(self, point: np.ndarray) -> bool:
        """Whether a first stage leaves the world without continuity."""
        return self._exempt is not None and bool(point[self._exempt] > 0.5)

    def _learn(self, place: int, cut: StageCut) -> None:
        """Take note of what a cut bounds under every combination, over its whole least-cost face."""
        bare, most = self._over_faces(cut.cut)
        if not cut.feasibility_cut and not cut.charge:
            bare = bare + self.constant
        flat = not cut.cut.slope.any()
        values = bare + most
        exact = np.full(bare.size, flat)
        values[place], exact[place] = min(values[place], cut.value), True
        self._known.append(Known(cut, bare, values, exact))

    def _over_faces(self, cut: Cut) -> tuple[np.ndarray, np.ndarray]:
        """A cut's value under every combination but for what the response's outputs add, and the most that these add."""
        candidates, arrays = self.engine.cut_pool.candidates, self.engine.cut_pool.enumerator.arrays
        bare = cut.constant + cut.value_of_remaining(self._remaining) + candidates.rent(cut.rents)
        if not cut.slope.any():
            return bare, np.zeros(bare.size)
        return bare, candidates.reach(arrays, cut.slope, scale(cut))

    def sharpen(self, number: int, point: np.ndarray) -> bool:
        """Look at the least-cost face of a combination where the cut that binds at a first stage may be loose.

        Returns whether it was.

        Parameters
        ----------
        number
            The combination.
        point
            The first stage.
        """
        place, moved = int(self._places[number]), False
        pool = self.engine.cut_pool
        for kind in ("leverage", "kept", "charge", "free", "limits"):
            while True:
                known = [each for each in self._known if each.kind == kind]
                binding = min(known, key=lambda each: each.at(place, point), default=None)
                if binding is None or binding.exact[place]:
                    break
                slope, factor = binding.cut.cut.slope, scale(binding.cut.cut)
                least, _ = pool.candidates.least(pool.enumerator, slope, np.array([place]), factor)
                height = factor * (pool.candidates.cost[place] - float(least[0]))
                before = float(binding.values[place])
                if not math.isnan(height):
                    binding.values[place] = min(before, float(binding.bare[place]) + height)
                binding.exact[place] = True
                moved = moved or binding.values[place] < before
        return moved

    def lines(self, number: int) -> WorldLines:
        """Return the cuts at a combination, as lines in the first stage; proven."""
        place = self._places[number]
        assert self._stage is not None
        width = self._stage.columns.size
        kinds: dict[str, tuple[list[float], list[np.ndarray]]] = {
            "leverage": ([float(self._ceiling[place])], [np.zeros(width)]),
            "kept": ([], []),
            "charge": ([], []),
            "free": ([], []),
            "limits": ([], []),
        }
        if self._exempt is not None:
            kinds["free"] = [float(self._free_ceiling[place])], [np.zeros(width)]
        for each in self._known:
            constants, slopes = kinds[each.kind]
            unit = self.price if each.kind == "charge" else 1.0
            constants.append(float(each.values[place] - each.cut.slope @ each.cut.point) / unit)
            slopes.append(each.cut.slope / unit)
        lines = {
            kind: Lines(np.array(found), np.array(slopes).reshape(len(found), width))
            for kind, (found, slopes) in kinds.items()
        }
        charge = lines["charge"] if self.charged else None
        held = WorldLines(lines["leverage"], lines["kept"], charge)
        if self._exempt is None:
            return held
        free = WorldLines(lines["free"], lines["limits"])
        return unless_exempt(held, free, self._exempt, float(self._free_ceiling[place]), self._most)

    # Certificate -----------------------------------------------------------------------------------------------------

    def certify(self, number: int, point: np.ndarray) -> WorldAccount:
        """Recompute what a plan comes to from linear programs solved alone.

        They are made from arrays; what has become of the program that the search solves does not touch them.

        Raises
        ------
        CertificateError
            Where they do not agree with the program of both sides or with what is kept of V and of the status quo, or a limit is
            broken that some plan keeps.
        """
        assert self._stage is not None
        problem, place = self.problem, int(self._places[number])
        candidates, columns = self.engine.cut_pool.candidates, self._stage.columns
        choice, admin = candidates.choice(place), float(candidates.admin[place])
        figures, before = Figures(problem), problem.status_quo
        with problem.unstoppable():
            cost, open_cost = figures.response_cost(choice), figures.response_cost(problem.all_open)
            constant = problem.constant(cost, admin)
            terms = choice, cost, float(constant), admin
            held = {int(column): float(value) for column, value in zip(columns, point, strict=True) if column >= 0}
            visited = self.visit(number, point)
            without = self.charged or self._must_do_without(point, terms)
            # What the plan's program ended with is where its certificate begins.
            fixed_policy = problem.fixed_policy.afresh(self._stage.basis)
            outcome, basis = Outcome("Infeasible", None, None, None), None
            if not without:
                outcome = fixed_policy.best(choice, cost, constant, admin, fixed=held)
                basis = fixed_policy.exact.get_basis()
            if outcome.solution is None:
                outcome = fixed_policy.best_elastic(choice, cost, constant, admin, held)
                basis = outcome.basis
            if outcome.solution is None:
                raise ArithmeticError(f"a world's plan ended with {outcome.termination!r}")
            solution = problem.to_whole(outcome.solution)
            account = figures.account(choice, solution, self._first_stage(point), basis=basis)
            breaches = figures.breaches(account)
        small = SMALL_CERTIFICATE * account.money
        known = float(candidates.cost[place])
        certify(
            [
                Compared("V, what a least-cost response costs in a world,", known, cost, small),
                Compared("V in a world's status quo", before.response_cost, open_cost, small),
                Compared("W, our cost in a world's status quo,", before.claimed, before.cost, small),
            ]
        )
        if self._exempted(point):
            leverage = visited.leverage
            if breaches or leverage > account.leverage + LEVERAGE_TIE * account.money:
                # Solved alone, limits give way at prices of their own; here continuity is left out.
                return WorldAccount(leverage, *_losses_at(leverage, account), False, account.money)
        if not self.charged:
            refuse_breaches(breaches)
            assert outcome.objective is not None
            certify([Compared("a world's leverage", -outcome.objective, account.leverage, small)])
        if self.charged:
            # Solved alone, limits give way at prices of their own; here continuity alone does.
            leverage = visited.leverage
            return WorldAccount(leverage, *_losses_at(leverage, account), False, account.money)
        return WorldAccount(account.leverage, *account.decided_losses, not breaches, account.money)

    def _must_do_without(self, point: np.ndarray, terms: Terms) -> bool:
        """Whether a first stage that may leave the world without continuity has to."""
        if not self._exempted(point):
            return False
        return self._work_out(terms, point).leverage == -math.inf

    def _first_stage(self, point: np.ndarray) -> FirstStage:
        chosen = dict(zip(self._keys, point.tolist(), strict=True))
        qualify = {str(key): amount > 0.5 for (kind, key), amount in chosen.items() if kind == "qualify"}
        stockpile = {key: amount for (kind, key), amount in chosen.items() if kind == "stockpile"}
        return FirstStage(qualify, stockpile)


def _losses_at(leverage: float, account: Account) -> tuple[float, float]:
    """Return both losses where leverage is another than that of an account: ours is."""
    theirs, ours = account.decided_losses
    return theirs, ours + account.leverage - leverage


def _refuse_whole_numbers(problem: Problem) -> None:
    """Refuse decisions of single weeks or scenarios that are whole: what a first stage is worth is then not concave in it.

    Raises
    ------
    DesignError
        Naming the columns that make them so.
    """
    whole = int(np.count_nonzero(problem.leader_problem.program.integer))
    placed = problem.choices.qualify.columns
    if whole > int(np.count_nonzero(placed >= 0)):
        message = (
            "the case has orders, price breaks or limits on suppliers (min_order, order_cost, price_breaks, min_supplier_share), "
            "whose decisions are whole in every world; a plan for many worlds cannot be proven with them: leave these out"
        )
        raise DesignError([Fault("--worlds", message)])
