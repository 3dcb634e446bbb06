"""How a plan was solved and certified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...model import Plan

METHODS = {
    "evaluate": "evaluate (choices as given)",
    "columns": "columns (combinations of policies worked out one by one)",
    "program": "program (policies, response and our side in one mixed-integer program)",
    "pieces": "pieces (combinations of the regimes that act on each good, put together by a master program)",
    "rows": "rows (bounds from single responses, put together by a master program)",
}
"""Methods in words."""

PURCHASES = "columns (branch and bound over what is bought)"
"""The method of combinations where there are none."""


@dataclass(frozen=True)
class SolveView:
    """How a plan was solved and certified.

    Attributes
    ----------
    method, reason
        The method in words, and why it was chosen, or nothing.
    combinations, enumerated
        Combinations of policies that there are, and how many were worked out; 0 where they are not counted.
    seconds, build_seconds
        In all, and to build the programs.
    nodes, rows, columns
        Of the branch and bound and of its program; 0 without one.
    solver, solver_version, solver_termination
        Another solver to which the program was handed, its version, and how it ended; nothing for HiGHS.
    highs, pyomo
        Their versions, or nothing.
    certificate
        Relative differences from linear programs solved alone, by what is compared.
    """

    method: str
    reason: str
    combinations: int
    enumerated: int
    seconds: float
    build_seconds: float
    nodes: int
    rows: int
    columns: int
    solver: str
    solver_version: str
    solver_termination: str
    highs: str
    pyomo: str
    certificate: dict[str, float]

    @property
    def difference(self) -> float | None:
        """Largest relative difference of the certificate; None where there is none."""
        return max(self.certificate.values(), default=None)


def solve_view(plan: Plan) -> SolveView:
    """Return how a plan was solved."""
    facts = plan.solve
    method = str(facts.get("method", ""))
    combinations = facts.get("combinations") or 0
    named = PURCHASES if method == "columns" and not plan.policies else METHODS.get(method, method or "unknown")
    return SolveView(
        named,
        str(facts.get("reason") or ""),
        combinations,
        facts.get("enumerated", combinations) or 0,
        facts.get("seconds", 0.0),
        facts.get("build_seconds", 0.0),
        facts.get("nodes") or 0,
        facts.get("rows") or 0,
        facts.get("columns") or 0,
        str(facts.get("solver") or ""),
        str(facts.get("solver_version") or ""),
        str(facts.get("solver_termination") or ""),
        str(facts.get("highs") or ""),
        str(facts.get("pyomo") or ""),
        dict(plan.certificate),
    )
