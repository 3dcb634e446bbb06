"""Solve a case, or evaluate given choices."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .certify.planning import Facts, make_plan, no_plan
from .certify.restoring import RestoringMonitor
from .follower.combinations import enumerable
from .formulation.single_level import coupled
from .leader.given import Given
from .leader.problem import Problem
from .leader.recompute import FirstStage
from .methods import large_spaces as large
from .methods.decomposition.master import has_overlapping_subnetworks
from .methods.large_spaces import Job, solve_by
from .methods.pyomo_solver import check_solver
from .network import Network
from .plan.clock import Clock
from .plan.limits import SolveLimits
from .plan.monitor import Monitor, StopCheck, Stopped
from .plan.plan import Plan

if TYPE_CHECKING:
    from ..data import Case

METHODS = ("auto", *large.METHODS)
"""Ways to find the plan."""

CHOOSING = 0.05
"""Share of the time limit that choosing a method may take; rows are taken where nothing else is settled by then."""


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
) -> Plan:
    """Find the plan of greatest leverage and prove it (model.md sections 5 and 6).

    Parameters
    ----------
    case
        A checked case.
    time_limit
        Seconds; default: the case's.
    rel_gap
        Relative gap at which a plan counts as optimal; default: the case's.
    threads
        Processes that work out responses, where they are enumerated as a whole.
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

    Returns
    -------
    Plan
        With status ``optimal``, ``feasible``, ``infeasible`` or ``unknown``.

    Raises
    ------
    ValueError
        For a method that does not exist, and for a solver with another method than ``program``.
    SolverError
        When the solver is not available here, or fails.
    TooManyCombinations
        When the policy combinations cannot be enumerated and the method is ``columns`` or ``pieces``.
    CertificateError
        When the answer does not survive its check.
    """
    if method not in METHODS:
        raise ValueError(f"no method {method!r}; there are {', '.join(METHODS)}")
    if solver is not None:
        if method != "program":
            raise ValueError(f"solver {solver!r} is for method 'program', not {method!r}")
        check_solver(solver)
    outer = monitor or Monitor()
    options = case.settings.solver
    time_limit = options.time_limit if time_limit is None else time_limit
    rel_gap = options.rel_gap if rel_gap is None else rel_gap
    clock = Clock(time_limit, outer.stop)
    problem = Problem.natural(case, log, clock.up)
    monitor = RestoringMonitor(outer, case, problem.units.money)
    solve_limits = SolveLimits.of(problem.case)
    name, reason = method, "as asked for"
    try:
        if method == "auto":
            name, reason = choose(problem.network, solve_limits, clock)
        chosen = method == "auto"
        job = Job(problem, solve_limits, name, reason, chosen, rel_gap, clock, monitor, threads, solver)
        plan = solve_by(job)
    except Stopped:
        # No plan without its programs: whether the limits hold with all regimes open is in none that is smaller.
        work = "there was a plan" if problem.built else "the programs were built"
        facts = {"method": name, "reason": f"the time was up before {work}", "termination": "stopped"}
        return no_plan(problem, "unknown", math.inf, facts, clock.began)
    # A solve that was stopped may have ended before its status quo was worked out.
    if plan.status != "unknown":
        monitor.prepared(problem)
    return plan


def evaluate(
    case: Case,
    policies: Mapping[str, str] | None = None,
    qualified: tuple[str, ...] = (),
    stockpile: Mapping[str, float] | None = None,
    *,
    log: str | None = None,
    monitor: Monitor | None = None,
) -> Plan:
    """Work out what given choices lead to, without optimising them.

    Parameters
    ----------
    case
        A checked case.
    policies
        Policy by regime; regimes not named stay ``open``.
    qualified
        Lanes qualified, and qualifications.
    stockpile
        Units by ``site/item``.
    log
        File for the solver's log.
    monitor
        Told of the case made ready.

    Returns
    -------
    Plan
        Operations at least cost; limits that cannot hold are listed in ``violations`` and make the status ``infeasible``.

    Raises
    ------
    ValueError
        For a regime, policy, lane or stockpile that the case does not offer.
    """
    began = time.perf_counter()
    problem = Problem.natural(case, log)
    chosen = check_choices(Network(case), policies or {}, qualified, stockpile or {})
    choice = {**problem.all_open, **chosen}
    first = FirstStage.given(qualified, stockpile or {}, problem.units)
    given = Given(problem, choice, first)
    outcome = given.best()
    facts = Facts(choice, given.cost, None, None, 0.0, None, {"method": "evaluate", "termination": outcome.termination})
    if outcome.solution is None:
        raise ArithmeticError(f"the choices given ended with {outcome.termination!r}")
    (monitor or Monitor()).prepared(problem)
    return make_plan(problem, facts, outcome.solution, first, began)


def check_choices(
    network: Network, policies: Mapping[str, str], qualified: tuple[str, ...], stockpile: Mapping[str, float]
) -> Mapping[str, str]:
    """Return the policies if the case offers every choice.

    Raises
    ------
    ValueError
        Naming every choice the case does not offer, with the nearest it does.
    """
    from ..data.schema.errors import nearest

    faults = []
    for regime, policy in policies.items():
        if regime not in network.menu:
            faults.append(f"no regime {regime!r} of ours{nearest(regime, network.menu)}")
        elif policy not in network.menu[regime]:
            faults.append(f"regime {regime!r} has no policy {policy!r}{nearest(policy, network.menu[regime])}")
    for name in qualified:
        if name not in network.to_qualify:
            kind = "lane or qualification" if network.qualifications else "lane"
            faults.append(f"no {kind} {name!r} to qualify{nearest(name, list(network.to_qualify))}")
    most = {
        f"{site}/{item}": row.stockpile_max
        for (site, item), row in network.stocks.items()
        if network.side[site] == "ours" and row.stockpile_max > 0
    }
    for key, amount in stockpile.items():
        if key not in most:
            faults.append(f"no stockpile {key!r}{nearest(key, most)}")
        elif not 0 <= amount <= most[key]:
            faults.append(f"stockpile {key!r} must lie between 0 and {most[key]:g}, not {amount:g}")
    if faults:
        raise ValueError("\n".join(faults))
    return policies


def choose(network: Network, solve_limits: SolveLimits, clock: Clock) -> tuple[str, str]:
    """Return the method for a case, and why; takes no more of the time than `CHOOSING`."""
    if not network.menu:
        return "columns", "there is no policy to choose"
    if enumerable(network, solve_limits):
        return "columns", "all combinations of policies can be enumerated"
    if network.least_cost:
        return "program", "the combinations of policies are too many to enumerate, and cost is the sense"
    too_many = "the combinations of policies are too many to enumerate,"
    if not coupled(network):
        return "rows", f"{too_many} and our side does not depend on how the counterpart operates"
    ear = StopCheck(lambda: clock.up() or clock.passed > CHOOSING * clock.seconds)
    if has_overlapping_subnetworks(network, ear):
        return "pieces", f"{too_many} those of the regimes that act on one good are not"
    return "rows", f"{too_many} also those of the regimes that act on one good"
