"""The single program handed to HiGHS: with a start, watched while it runs (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..certify.planning import first_stage_of
from ..follower.enumerate import PolicyIndices, policy_indices_of
from ..formulation.single_level import build_single_level
from ..leader.problem import Problem
from ..network import Network
from ..solver.arrays import Compiled, compile_model
from ..solver.highs import Highs, Outcome
from .local_search import Worked

HEURISTICS = 0.0
"""Share of its effort that HiGHS spends on sub-programs in search of incumbents: local search has found a good one."""


@dataclass(frozen=True)
class Start:
    """Binaries to start from: policies by number, and whether a lane is qualified."""

    policy_indices: PolicyIndices
    qualify: Mapping[str, bool]

    @classmethod
    def of(cls, problem: Problem, worked: Worked) -> Start:
        """Return the binaries of a combination worked out."""
        assert worked.outcome.solution is not None
        return cls(worked.trial.policy_indices, dict(first_stage_of(problem, worked.outcome.solution).qualify))


@dataclass(frozen=True)
class SingleLevelOutcome:
    """What the solver of the single program ended with; leverage and bound in money.

    Attributes
    ----------
    policy_indices
        Policies of its incumbent; None without one.
    bound
        Proven upper bound on the leverage; -inf where it proved that there is no plan, inf where it proved nothing.
    outcome
        HiGHS's outcome.
    """

    policy_indices: PolicyIndices | None
    bound: float
    outcome: Outcome


class SingleLevelProgram:
    """The single program, built and compiled once.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    shift
        What turns the program's objective into leverage: the part of leverage that depends on nothing.
    scenarios
        As in `build_single_level`.
    """

    def __init__(self, network: Network, shift: float, scenarios: Sequence[str] | None = None):
        self.network = network
        self.shift = shift
        self.model = build_single_level(network, scenarios)
        self.compiled: Compiled = compile_model(self.model, network.check)

    def solve(
        self,
        start: Start | None,
        rel_gap: float,
        seconds: float,
        stop: Callable[[], bool],
        tell: Callable[[PolicyIndices | None, float], None],
        log: str | None = None,
        nodes: int | None = None,
    ) -> SingleLevelOutcome:
        """Solve the program.

        Parameters
        ----------
        start
            Binaries to start from.
        rel_gap, seconds
            Relative gap and time at which to stop.
        stop
            Asked now and then.
        tell
            Told of policies that are better than all before, or None, and the bound.
        log
            File for HiGHS's log.
        nodes
            Nodes at which to stop; None: no number of them.
        """
        program = self.compiled.program
        highs = Highs(
            program,
            log=log,
            mip_rel_gap=rel_gap,
            time_limit=max(seconds, 0.0),
            mip_heuristic_effort=HEURISTICS,
        )
        if nodes is not None:
            highs.set_options(mip_max_nodes=nodes)
        highs.set_offset(program.offset - self.shift)
        if start is not None:
            highs.start(*self._start(start))
        bounds = [math.inf]

        def proven(_: float, bound: float) -> None:
            bounds.append(min(bound, bounds[-1]))
            if bounds[-1] < bounds[-2]:
                tell(None, bounds[-1])

        def improved(solution: np.ndarray) -> None:
            tell(self.policy_indices(solution), bounds[-1])

        highs.watch(stop, proven, improved)
        outcome = highs.solve()
        bound = math.inf if outcome.bound is None else -outcome.bound
        if outcome.infeasible:
            bound = -math.inf
        return SingleLevelOutcome(
            None if outcome.solution is None else self.policy_indices(outcome.solution), bound, outcome
        )

    def policy_indices(self, solution: np.ndarray) -> PolicyIndices:
        """Policies of a solution by number."""
        levels = self.compiled.values(self.model.policy, solution)
        menu = self.network.menu
        choice = {regime: max(policies, key=lambda policy: levels[regime, policy]) for regime, policies in menu.items()}
        return policy_indices_of(choice, menu)

    def _start(self, start: Start) -> tuple[np.ndarray, np.ndarray]:
        """(columns, values) of the binaries to start from; HiGHS works out the rest."""
        model = self.model
        chosen = {
            (regime, policies[digit])
            for (regime, policies), digit in zip(self.network.menu.items(), start.policy_indices, strict=True)
        }
        values = {id(variable): float(key in chosen) for key, variable in model.policy.items()}
        values |= {id(variable): float(start.qualify[lane]) for lane, variable in model.qualify.items()}
        places = {self.compiled.column[key]: value for key, value in values.items() if key in self.compiled.column}
        return np.array(list(places), dtype=np.int32), np.array(list(places.values()))
