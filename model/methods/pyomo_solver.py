"""The single-level program handed to any solver that Pyomo knows (model.md section 6)."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..follower.enumerate import PolicyIndices, policy_indices_of
from ..formulation.single_level import build_single_level
from ..network import Network

MIXED_INTEGER = (
    "highs",
    "appsi_highs",
    "scip_direct",
    "scip_persistent",
    "scip",
    "cbc",
    "glpk",
    "gurobi_direct",
    "gurobi_persistent",
    "gurobi",
    "cplex",
    "cplex_direct",
    "xpress",
    "xpress_direct",
    "mosek",
    "mosek_direct",
    "knitro_direct",
    "cuopt",
    "gams",
)
"""Names under which Pyomo knows solvers of mixed-integer programs; others can be named too."""

GAP_OPTIONS = {"cbc": "ratioGap", "glpk": "mipgap", "gurobi": "MIPGap", "cplex": "mipgap", "scip": "limits/gap"}
"""Option of the relative gap of solvers that Pyomo calls through its older interface."""

TIME_OPTIONS = {"gurobi": "TimeLimit", "cplex_direct": "timelimit", "xpress": "maxtime", "xpress_direct": "maxtime"}
"""Option of the time limit of those whose interface does not take it."""

USUAL_GAP = 1e-4
"""Relative gap at which solvers stop that are told none."""

LEAST_SECONDS = 1.0
"""Seconds that a solver gets at least."""

NAMED_LONGEST = 200
"""Characters of a solver's own message that are passed on."""


class SolverError(Exception):
    """A solver is not there, or came to no answer."""


@dataclass(frozen=True)
class Found:
    """What a solver ended with: four things, none of which stands for another. All in the units of the program.

    Attributes
    ----------
    termination
        Pyomo's word for how the run ended.
    policy_indices
        Policies of the incumbent; None without one.
    incumbent
        Leverage of the incumbent as the solver has it; None without one.
    bound
        Upper bound on the leverage that the solver proved; inf where it told none, -inf where it proved that there is no plan.
    version
        Of the solver; empty where it tells none.
    rows, columns
        Of the program handed over.
    """

    termination: str
    policy_indices: PolicyIndices | None
    incumbent: float | None
    bound: float
    version: str = ""
    rows: int = 0
    columns: int = 0


# Which solvers are there ---------------------------------------------------------------------------------------------


def check_solver(name: str) -> None:
    """Make sure that a solver is there.

    Raises
    ------
    SolverError
        Where Pyomo does not know it, or it is not installed or has no licence; names those that are available.
    """
    with _quiet():
        known = name in _known()
        if known and _is_available(name):
            return
        there = ", ".join(available_solvers()) or "none"
    why = "is not installed here, or has no licence" if known else "is not a solver that Pyomo knows"
    raise SolverError(f"solver {name!r} {why}; available: {there}")


def available_solvers() -> list[str]:
    """Return the solvers of mixed-integer programs that can be used here, by Pyomo's names."""
    with _quiet():
        return [name for name in MIXED_INTEGER if name in _known() and _is_available(name)]


def _known() -> set[str]:
    from pyomo.contrib.solver.common.factory import SolverFactory as Newer
    from pyomo.environ import SolverFactory

    return {name for name in {*Newer, *SolverFactory} if not name.startswith("_")}


def _is_available(name: str) -> bool:
    solver, newer = _solver(name)
    try:
        return bool(solver.available() if newer else solver.available(exception_flag=False))
    except Exception:
        # Interfaces to what is not installed fail in their own ways.
        return False


def _solver(name: str) -> tuple[Any, bool]:
    """Return a solver, and whether it is of Pyomo's newer interface, which keeps incumbent and bound apart by itself."""
    from pyomo.contrib.solver.common.factory import SolverFactory as Newer
    from pyomo.environ import SolverFactory

    return (Newer(name), True) if name in Newer else (SolverFactory(name), False)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Pyomo from saying that a solver is not there."""
    logger = logging.getLogger("pyomo")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


# Handing over --------------------------------------------------------------------------------------------------------


class HandedOver:
    """The single-level program, built to be handed to a solver by its name.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    shift
        What turns the program's objective into leverage: the part of leverage that depends on nothing.
    solver
        Pyomo's name of the solver.
    scenarios
        Scenarios that the program holds; None: all of them.
    """

    def __init__(self, network: Network, shift: float, solver: str, scenarios: Sequence[str] | None = None):
        from pyomo.environ import Constraint, Objective, Var, minimize

        from ..algebra.opening import open_model

        self.network = network
        self.name = solver
        self.model = open_model(build_single_level(network, scenarios))
        # A program that is minimised: interfaces differ in what they call a lower bound of one that is maximised.
        self.model.worst_leverage.deactivate()
        self.model.minus_leverage = Objective(expr=-(self.model.worst_leverage.expr + shift), sense=minimize)
        self.rows = sum(1 for _ in self.model.component_data_objects(Constraint, active=True))
        self.columns = sum(not column.fixed for column in self.model.component_data_objects(Var))

    def solve(self, seconds: float, rel_gap: float) -> Found:
        """Hand the program over and read what comes back.

        Parameters
        ----------
        seconds, rel_gap
            Time and relative gap at which the solver is to stop, as far as it takes them.

        Raises
        ------
        SolverError
            When the solver fails.
        """
        solver, newer = _solver(self.name)
        seconds = max(seconds, LEAST_SECONDS)
        try:
            return (self._newer if newer else self._older)(solver, seconds, rel_gap)
        except Exception as error:
            # Whatever goes wrong in a solver or its interface is told as theirs.
            said = " ".join(str(error).split())[:NAMED_LONGEST]
            raise SolverError(f"solver {self.name!r} failed with {type(error).__name__}: {said}") from error

    def _newer(self, solver: Any, seconds: float, rel_gap: float) -> Found:
        from pyomo.contrib.solver.common.results import TerminationCondition

        results = solver.solve(
            self.model,
            time_limit=seconds,
            rel_gap=rel_gap,
            threads=1,
            tee=True,
            load_solutions=False,
            raise_exception_on_nonoptimal_result=False,
        )
        there = results.incumbent_objective is not None and math.isfinite(results.incumbent_objective)
        if there:
            results.solution_loader.load_vars()
        return self._found(
            results.termination_condition.name,
            results.incumbent_objective if there else None,
            results.objective_bound,
            results.termination_condition == TerminationCondition.provenInfeasible,
            ".".join(map(str, results.solver_version or ())),
        )

    def _older(self, solver: Any, seconds: float, rel_gap: float) -> Found:
        from pyomo.opt import TerminationCondition

        # Half of it, so that a bound that is known to the other half still closes it.
        rel_gap = 0.5 * rel_gap
        family = self.name.partition("_")[0]
        if family == "appsi":
            solver.config.mip_gap = rel_gap
        elif family in GAP_OPTIONS:
            solver.options[GAP_OPTIONS[family]] = rel_gap
        limit = {}
        if self.name in TIME_OPTIONS:
            solver.options[TIME_OPTIONS[self.name]] = seconds
        else:
            # Some read a fraction of a second as none at all.
            limit["timelimit"] = math.ceil(seconds)
        results = solver.solve(self.model, load_solutions=False, tee=True, **limit)
        there = len(results.solution) > 0 and bool(results.solution(0).variable)
        if there:
            self.model.solutions.load_from(results)
        problem = results.problem
        objective, bound = _number(problem.upper_bound) if there else None, _number(problem.lower_bound)
        if objective is not None and bound == objective and family != "appsi":
            # These interfaces name the incumbent as the bound once the gap is small enough for the solver.
            bound -= (rel_gap if family in GAP_OPTIONS else USUAL_GAP) * abs(objective)
        version: Any = getattr(solver, "version", tuple)() or ()
        return self._found(
            str(results.solver.termination_condition),
            objective,
            bound,
            results.solver.termination_condition == TerminationCondition.infeasible,
            ".".join(map(str, version)) if isinstance(version, tuple) else str(version),
        )

    def _found(
        self, termination: str, objective: float | None, bound: float | None, infeasible: bool, version: str
    ) -> Found:
        proven = -bound if bound is not None and math.isfinite(bound) else math.inf
        if infeasible:
            objective, proven = None, -math.inf
        policy_indices = None if objective is None else self._digits()
        incumbent = None if objective is None else -objective
        return Found(termination, policy_indices, incumbent, proven, version, self.rows, self.columns)

    def _digits(self) -> PolicyIndices:
        """Policies of the solution in the model's variables, by number."""
        policy, menu = self.model.policy, self.network.menu
        choice = {
            regime: max(policies, key=lambda name: policy[regime, name].value or 0.0)
            for regime, policies in menu.items()
        }
        return policy_indices_of(choice, menu)


def _number(given: Any) -> float | None:
    """Return a number that an interface told, None where it told none."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
