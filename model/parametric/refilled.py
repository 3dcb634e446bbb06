"""One case after another solved on the programs of one structure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...data.units import natural_units
from ..algebra.traced import Moved
from ..certify.planning import Facts
from ..methods.engine import Engine, Found
from ..plan.limits import LOADS, SolveLimits
from .cells import by_structure
from .patching import Patched
from .programs import Programs

if TYPE_CHECKING:
    from ...data import Case
    from ..formulation.linking import Choice
    from ..leader.problem import Problem

__all__ = ["Moved", "Refilled", "Sharing", "Unshared", "by_structure", "shared_programs"]


class Unshared(Exception):
    """Programs whose numbers cannot be changed in place."""


def shared_programs(case: Case, others: Sequence[Case]) -> Programs:
    """Return the programs of a case, to be refilled.

    Parameters
    ----------
    case
        The case; its natural units are those in which all that follow are solved.
    others
        Cases that differ from it in the figures that will move.

    Raises
    ------
    Unshared
        Where our operations hold whole numbers.
    """
    natural, units = natural_units(case)
    programs = Programs(natural, units, [units.natural(other) for other in others])
    if programs.mould.problem.leader_problem.operational.size:
        raise Unshared("orders, prices by quantity or suppliers make our operations whole numbers")
    return programs


class Refilled:
    """The programs of one structure, with the figures of one case after another in them.

    Parameters
    ----------
    programs
        The programs.
    stop
        Asked whether to stop.

    Attributes
    ----------
    patched
        The programs with the figures of the last case.
    """

    def __init__(self, programs: Programs, stop: Callable[[], bool]):
        self.programs = programs
        self.stop = stop
        self.patched = Patched(programs.mould)
        for asked in (self.problem.fixed_policy, self.patched.enumerator):
            asked.stop = stop
        self._last: tuple[Engine, SolveLimits, tuple[float, ...]] | None = None

    @property
    def problem(self) -> Problem:
        """The problem with the figures of the last case, in natural units."""
        return self.patched.problem

    def put(self, case: Case) -> None:
        """Put the figures of a case in place.

        Raises
        ------
        Moved
            When its programs have other rows, columns or entries; those of the last case stay.
        ArithmeticError
            When the status quo cannot be worked out.
        """
        natural = self.programs.units.natural(case)
        self.patched.put(natural, self.programs.numbers(natural))

    def engine(self) -> Engine:
        """Return an engine for the last case.

        What it works out of responses serves the next case as well, where the response stays as it is.
        """
        solve_limits = SolveLimits.of(self.problem.case)
        loads = self._loads()
        before = self._last
        # A search that is stopped drops some candidates.
        kept = before is not None and before[0].complete and before[1:] == (solve_limits, loads)
        engine = Engine(
            self.problem.case,
            stop=self.stop,
            problem=self.problem,
            enumerator=self.patched.enumerator,
            candidates=before[0].candidates if before is not None and kept else None,
        )
        self._last = engine, solve_limits, loads
        return engine

    def solved(self, rel_gap: float, hint: Choice | None = None) -> tuple[Found, dict[str, Any] | None]:
        """Return what the search of the last case ended with, and its plan's figures, certified; None where it has none.

        Parameters
        ----------
        rel_gap
            Relative gap at which to stop.
        hint
            As of `Engine.search`.

        Raises
        ------
        CertificateError
            When the answer does not survive its check.
        """
        found = self.engine().search(None, rel_gap, hint=hint)
        if found.choice is None or found.solution is None:
            return found, None
        figures = self.patched.figures
        cost = figures.response_cost(found.choice)
        facts = Facts(found.choice, cost, found.leverage, found.bound, rel_gap, found.sourcing_only, {})
        return found, figures.plan(facts, found.solution, figures.first_stage(found.solution))[0]

    def _loads(self) -> tuple[float, ...]:
        """What every policy takes of the limits on policies."""
        network = self.problem.network
        return tuple(
            getattr(network.policy(regime, policy), column, 0.0)
            for regime, menu in network.menu.items()
            for policy in menu
            for column in LOADS
        )


class Sharing:
    """Shared programs for as long as cases fit into them.

    Parameters
    ----------
    first
        Returns the case whose programs are shared, and others that differ from it in the figures that will move.
    stop
        Asked whether to stop.
    """

    STRANGERS = 3
    """Cases of another structure after which none is tried any more."""

    def __init__(self, first: Callable[[], tuple[Case, Sequence[Case]]], stop: Callable[[], bool]):
        self.stop = stop
        self._first: Callable[[], tuple[Case, Sequence[Case]]] | None = first
        self._strangers = 0
        self._refilled: Refilled | None = None

    def put(self, case: Case) -> Refilled | None:
        """Return the shared programs with the figures of a case; None where it does not fit, and is to be built alone."""
        if self._first is None or self._strangers >= self.STRANGERS:
            return None
        try:
            if self._refilled is None:
                self._refilled = Refilled(shared_programs(*self._first()), self.stop)
            self._refilled.put(case)
        except Unshared:
            self._first = None
        except (Moved, ArithmeticError):
            self._strangers += 1
        else:
            return self._refilled
        return None
