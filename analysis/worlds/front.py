"""The front door of a solve: for the case's own figures, or for many worlds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...data import Fault
from ...model import solving
from ..figures.factors import DesignError
from .sampling import TOLD, Worlds, draw, from_table
from .solving import Beside, solve_worlds

if TYPE_CHECKING:
    from ...data import Case
    from ...model import Monitor, Plan


def asked_worlds(case: Case, asked: int | str | Worlds, seed: int = 0, vary: Sequence[str] = ()) -> Worlds:
    """Return the worlds that somebody asks for: so many drawn ones, those of the ``table``, or given ones.

    Raises
    ------
    DesignError
        With every fault found.
    """
    if isinstance(asked, Worlds):
        return asked
    if asked == TOLD:
        return from_table(case)
    try:
        many = int(asked)
    except ValueError:
        message = "no number of worlds; write a number such as 64, or table for the case's own worlds"
        raise DesignError([Fault("--worlds", message, value=str(asked))]) from None
    return draw(case, many, seed, vary)


def solve(
    case: Case,
    *,
    time_limit: float | None = None,
    rel_gap: float | None = None,
    threads: int = 1,
    method: str = "auto",
    solver: str | None = None,
    log: str | None = None,
    monitor: Monitor | None = None,
    worlds: int | str | Worlds | None = None,
    criterion: str = "mean",
    continuity_share: float | None = None,
    cluster: str | None = None,
    seed: int = 0,
    vary: Sequence[str] = (),
    beside: Beside | None = None,
) -> Plan:
    """Find the plan of greatest leverage, or the one that is best over many worlds, and prove it (model.md sections 5 and 6).

    Parameters
    ----------
    case
        A checked case.
    time_limit
        Seconds; default: the case's.
    rel_gap
        Relative gap at which a plan counts as optimal; default: the case's.
    threads
        Processes that work out responses, where they are enumerated as a whole; with `worlds` those that share the worlds.
    method
        ``columns`` enumerates the combinations of policies, ``pieces`` those of what each good is made of, ``rows`` bounds them
        by what single responses tell, ``program`` solves one mixed-integer program; ``auto`` takes what fits the case, after a
        trial of others where they may be sooner. All prove the same plan.
    solver
        With ``program``: the solver of mixed-integer programs, by Pyomo's name, such as ``scip_direct``; default: HiGHS. The
        plan is certified as every plan is; the bound is the one that the solver proves.
    log
        File for the solver's log.
    monitor
        Told of progress, asked whether to stop.
    worlds
        Find the plan that is best over so many worlds drawn from the case's uncertainties, over those of its table (``table``),
        or over given ones; None: over the case's own figures alone. The combinations are then enumerated.
    criterion
        With `worlds`: ``mean``, ``cvar:0.9``, ``worst``, ``regret`` or ``mean+cvar:0.9:0.5``.
    continuity_share
        With `worlds`: weight of those in which continuity is kept at least, as of `solve_worlds`.
    cluster
        With `worlds`: address of a Dask scheduler among whose workers the worlds are shared, instead of processes.
    seed, vary
        With a number of worlds: as of `draw`.
    beside
        With `worlds`: as of `solve_worlds`.

    Returns
    -------
    Plan
        With status ``optimal``, ``feasible``, ``infeasible`` or ``unknown``. Of many worlds ``plan.worlds`` and the table
        ``worlds`` say what it is worth in them; all other figures are those at the case's own figures.

    Raises
    ------
    ValueError
        For a method or a criterion that does not exist, and for a solver with another method than ``program``.
    DesignError
        For worlds that cannot be drawn, or that the case cannot have.
    SolverError
        When the solver is not available here, or fails.
    TooManyCombinations
        When the policy combinations cannot be enumerated and the method is ``columns`` or ``pieces``, or `worlds` are
        asked for.
    CertificateError
        When the answer does not survive its check.
    """
    if worlds is None:
        return solving.solve(
            case,
            time_limit=time_limit,
            rel_gap=rel_gap,
            threads=threads,
            method=method,
            solver=solver,
            log=log,
            monitor=monitor,
        )
    if method not in ("auto", "columns") or solver is not None:
        raise ValueError("a plan for many worlds enumerates the combinations of policies; leave out method and solver")
    found = asked_worlds(case, worlds, seed, vary)
    return solve_worlds(
        case,
        found,
        criterion,
        continuity_share=continuity_share,
        time_limit=time_limit,
        rel_gap=rel_gap,
        processes=threads,
        cluster=cluster,
        monitor=monitor,
        beside=beside,
    ).plan
