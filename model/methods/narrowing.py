"""Rows of responses until few combinations are left, and those enumerated (model.md section 6)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..follower.combinations import Candidates, TooManyCombinations
from .engine import Engine
from .enumeration import Enumeration
from .prover import Prover
from .rows.rows import Rows

FEW = 1_000
"""Combinations left from which on they are enumerated: less work than a few rounds of rows."""


class Narrowing(Prover):
    """Rows of responses, which drop combinations by proof; once few are left, all of these are worked out and searched best first.

    A menu whose policies differ little, such as ends of one review, makes many combinations that rows rule out early, and some
    close to the best that they tell apart late.

    Parameters
    ----------
    problem, solve_limits, trials, gap, stop, report
        As of `portfolio.Method`.

    Attributes
    ----------
    rows
        The rows.
    """

    def _prepare(self) -> None:
        self.rows = Rows(
            self.problem,
            self.solve_limits,
            self.trials,
            self.gap,
            lambda: self.stop() or self._few() is not None,
            self.report,
        )
        self._enumeration: Enumeration | None = None
        self._listed = 0 if self.rows.left is None else len(self.rows.left)

    def run(self) -> float:
        """Search until the gap is closed or the search is stopped; return the proven bound, inf where nothing is proven."""
        bound = self.rows.run()
        left = self._few()
        if self.stop() or left is None or bound <= self.trials.enough(self.gap):
            return bound
        best = self.trials.best
        if best is not None:
            # Rounding must not rule out the incumbent.
            left = np.vstack([left, np.array([best.trial.policy_indices], dtype=left.dtype)])
        try:
            candidates = Candidates(self.problem.network, self.solve_limits, left)
        except TooManyCombinations:
            # Few combinations of independent groups may be made of parts that combine to many.
            self.rows.left = None
            return min(bound, self.rows.run())
        engine = Engine(
            self.problem.case, widest=self.solve_limits, problem=self.problem, candidates=candidates, stop=self.stop
        )
        try:
            self._enumeration = Enumeration(
                self.problem, self.solve_limits, self.trials, self.gap, self.stop, self.report, engine
            )
            return min(bound, max(self._enumeration.run(), self.trials.leverage))
        finally:
            engine.close()

    @property
    def rounds(self) -> int:
        """Solves of the master program of rows."""
        return self.rows.rounds

    @property
    def narrowed(self) -> bool:
        """Whether rows have done their part."""
        return self._enumeration is not None

    def _few(self) -> np.ndarray | None:
        """The combinations left, shape (n, regimes), where they are few after a round."""
        left = self.rows.left
        return left if self.rows.rounds and left is not None and len(left) <= FEW else None

    def facts(self) -> dict[str, Any]:
        """Counts of the work."""
        facts = self.rows.facts()
        if self._enumeration is not None:
            more = self._enumeration.facts()
            facts |= {
                "combinations": self._listed,
                "enumerated": more["combinations"],
                "face_solves": more.get("face_solves", 0),
            }
        return facts
