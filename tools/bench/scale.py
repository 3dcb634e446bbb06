"""Large policy spaces: every method on cases of growing size, each in a process of its own with a limit on processor time."""

from __future__ import annotations

import itertools
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluicegate import Case, solve
from sluicegate.model.leader.fixed_policy import face_of
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods.local_search import LocalSearch
from sluicegate.model.plan.limits import SolveLimits
from sluicegate.model.plan.monitor import Monitor
from sluicegate.model.solver.arrays import Program
from sluicegate.model.solver.highs import Highs

from .generate import generate


@dataclass(frozen=True)
class Sized:
    """A generated case, the gap aimed at and the seconds a method may take; the seeds of which medians are shown."""

    arguments: dict[str, Any]
    gap: float
    seconds: float
    methods: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)

    @property
    def words(self) -> str:
        a = self.arguments
        kind = "coupled" if a["coupled"] else "uncoupled"
        groups = "1 group" if a["components"] == 1 else f"{a['components']} groups"
        ends = f" x {len(a['ends'].split(';'))} ends" if a["ends"] else ""
        return f"{kind}, {a['regimes']} regimes x {a['policies']} policies{ends} x {a['weeks']} weeks, {groups}"


def sized(
    regimes: int,
    components: int,
    coupled: bool,
    gap: float,
    seconds: float,
    *methods: str,
    ends: str = "",
    seeds: int = 1,
) -> Sized:
    arguments = {
        "regimes": regimes,
        "policies": 4,
        "weeks": 52,
        "components": components,
        "coupled": coupled,
        "ends": ends,
    }
    return Sized(arguments, gap, seconds, methods, tuple(range(seeds)))


OURS = ("auto", "columns", "pieces", "rows", "program")
OTHERS = ("big-m-highs", "big-m-scip", "products-highs", "enumeration")
CASES = {
    "coupled-5": sized(5, 1, True, 1e-3, 60, *OURS, *OTHERS),
    "coupled-5-ends": sized(5, 1, True, 1e-3, 60, "auto", "pieces", ends="13;26;39;"),
    "coupled-8": sized(8, 1, True, 1e-3, 60, "auto", "pieces", "rows", "program"),
    "coupled-12": sized(12, 1, True, 1e-3, 40, "auto", "pieces", "rows", "program", "big-m-highs", seeds=3),
    "coupled-20": sized(20, 1, True, 2.5e-1, 300, "auto", "rows", seeds=3),
    "coupled-30-groups": sized(30, 6, True, 1e-3, 120, "auto", "pieces", "rows"),
    "uncoupled-30": sized(30, 1, False, 1e-4, 15, "rows", "program", "big-m-highs", seeds=3),
    "uncoupled-30-groups": sized(30, 6, False, 1e-4, 30, "rows", "program", "big-m-highs", "big-m-scip"),
    "uncoupled-60": sized(60, 1, False, 1e-4, 40, "rows", seeds=3),
    "uncoupled-100": sized(100, 1, False, 2e-2, 120, "rows", seeds=3),
    "uncoupled-150-groups": sized(150, 40, False, 1e-3, 60, "rows", seeds=3),
}

Answer = dict[str, Any]


class Clock(Monitor):
    """Stops a solve after some seconds of the processor: others may be using the machine."""

    def __init__(self, seconds: float):
        self.began = time.process_time()
        self.seconds = seconds

    @property
    def taken(self) -> float:
        return time.process_time() - self.began

    def stop(self) -> bool:
        return self.taken > self.seconds


def by_us(case: Case, method: str, gap: float, seconds: float) -> Answer:
    """Solve by a method of ours; a program that ``auto`` runs beside it has a core of its own and does not count."""
    clock = Clock(seconds)
    plan = solve(case, method=method, rel_gap=gap, time_limit=math.inf, monitor=clock)
    return {
        "leverage": plan.leverage,
        "bound": plan.bound,
        "gap": plan.gap,
        "seconds": clock.taken,
        "build": clock.taken * plan.solve["build_seconds"] / plan.solve["seconds"],
    }


def _gap(leverage: float | None, bound: float | None) -> float | None:
    if leverage is None or bound is None or not math.isfinite(bound):
        return None
    return max(0.0, (bound - leverage) / max(abs(leverage), 1e-9))


def by_program(program: Program, seconds: float, gap: float) -> Answer:
    clock = Clock(seconds)
    highs = Highs(program, mip_rel_gap=gap)
    highs.watch(clock.stop)
    outcome = highs.solve()
    leverage = None if outcome.objective is None else -outcome.objective
    bound = None if outcome.bound is None else -outcome.bound
    return {
        "leverage": leverage,
        "bound": bound,
        "gap": _gap(leverage, bound),
        "seconds": clock.taken,
    }


def by_scip(program: Program, seconds: float, gap: float) -> Answer:
    import pyscipopt

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "program.mps")
        Highs(program).highs.writeModel(path)
        scip = pyscipopt.Model()
        scip.hideOutput()
        scip.readProblem(path)
    scip.setParam("timing/clocktype", 1)  # seconds of the processor
    scip.setParam("limits/time", seconds)
    scip.setParam("limits/gap", gap)
    clock = Clock(seconds)
    scip.optimize()
    leverage = -scip.getObjVal() if scip.getNSols() else None
    bound = -scip.getDualbound()
    return {
        "leverage": leverage,
        "bound": bound,
        "gap": _gap(leverage, bound),
        "seconds": clock.taken,
    }


def by_enumeration(case: Case, seconds: float, gap: float) -> Answer:
    """Every combination in turn: the response and the leader problem, each passed to a new HiGHS object."""
    problem = Problem(case)
    menu, leader_problem, arrays = problem.network.menu, problem.leader_problem, problem.response
    trials = LocalSearch(problem, SolveLimits.of(case))
    clock, done, best = Clock(seconds), 0, -math.inf
    for policy_indices in itertools.product(*(range(len(policies)) for policies in menu.values())):
        if clock.stop():
            break
        done += 1
        if not trials.allowed(policy_indices):
            continue
        choice = {
            regime: policies[digit] for digit, (regime, policies) in zip(policy_indices, menu.items(), strict=True)
        }
        program = arrays.program.relaxed()
        for regime, policy_columns in enumerate(arrays.policy_columns):
            for policy, (columns, capacity) in enumerate(policy_columns):
                program.column_upper[columns] = capacity if policy_indices[regime] == policy else 0.0
        cost = Highs(program).solve().objective
        assert cost is not None
        whole = Program(**{**vars(leader_problem.program), "row_upper": leader_problem.program.row_upper.copy()})
        whole.column_upper = leader_problem.gate.upper(leader_problem.program.column_upper, choice)
        if leader_problem.face_row is not None:
            whole.row_upper[leader_problem.face_row] = (
                face_of(problem.network, cost, wide=True) - leader_problem.face_offset
            )
        admin = problem.admin_cost(choice)
        for family, room in (("budget", case.settings.limits.budget - admin), ("own_loss", math.inf)):
            component = leader_problem.model.component(family)
            for constraint in [] if component is None else component.values():
                whole.row_upper[leader_problem.compiled.row[id(constraint)]] = room
        outcome = Highs(whole).solve()
        if outcome.objective is not None:
            best = max(best, problem.constant(cost, admin) - outcome.objective)
    taken = clock.taken
    total = math.prod(len(policies) for policies in menu.values())
    return {"leverage": best, "bound": None, "gap": None, "seconds": taken * total / done, "projected": done < total}


def one(name: str, method: str, seed: str = "0") -> Answer:
    """Measure one method on one case, in this process."""
    size = CASES[name]
    case = generate(**size.arguments, seed=int(seed))
    others: dict[str, Callable[[], Answer]] = {
        "big-m-highs": lambda: by_program(_textbook(case, False), size.seconds, size.gap),
        "big-m-scip": lambda: by_scip(_textbook(case, False), size.seconds, size.gap),
        "products-highs": lambda: by_program(_textbook(case, True), size.seconds, size.gap),
        "enumeration": lambda: by_enumeration(case, size.seconds, size.gap),
    }
    answer = others[method]() if method in others else by_us(case, method, size.gap, size.seconds)
    answer["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return answer


def _textbook(case: Case, products: bool) -> Program:
    from .textbook import textbook

    return textbook(Problem(case), products)


def shown(answer: Answer) -> str:
    gap = "nothing proven" if answer.get("gap") is None else f"gap {answer['gap']:.2%}"
    seconds = f"{answer['seconds']:,.0f} s" + (" (projected)" if answer.get("projected") else "")
    seeds = f"median of {answer['seeds']} seeds" if "seeds" in answer else ""
    leverage = seeds or "no plan" if answer["leverage"] is None else f"leverage {answer['leverage']:,.1f}"
    build = f", build {answer['build'] / answer['seconds']:.0%}" if "build" in answer else ""
    return f"{leverage}, {gap}, {seconds}{build}, {answer['memory'] / 1e9:.2f} GB"


def middle(answers: list[Answer]) -> Answer:
    """Medians over seeds, each figure for itself; the most memory. The leverage of cases that differ says nothing."""
    if len(answers) == 1:
        return answers[0]
    gaps = [math.inf if answer.get("gap") is None else answer["gap"] for answer in answers]
    gap = statistics.median(gaps)
    return {
        "leverage": None,
        "gap": gap if math.isfinite(gap) else None,
        "seconds": statistics.median(answer["seconds"] for answer in answers),
        "memory": max(answer["memory"] for answer in answers),
        "seeds": len(answers),
    }


def measure(only: list[str]) -> Iterator[list[tuple[str, str]]]:
    """Every case, or those named (``CASE`` or ``CASE/METHOD``), one method after another; yield the rows so far after each."""
    rows: list[tuple[str, str]] = []
    for entry in only or list(CASES):
        name, _, one_method = entry.partition("/")
        size = CASES[name]
        aim = f" (aim {size.gap:.2%} in {size.seconds:.0f} s)"
        for method in [one_method] if one_method else size.methods:
            words, answers = "", []
            for seed in size.seeds:
                command = [sys.executable, "-m", "tools.bench.scale", name, method, str(seed)]
                run = subprocess.run(command, capture_output=True, text=True, check=False)
                if run.returncode != 0:
                    words = f"seed {seed} failed: {run.stderr[-200:].strip()}"
                    break
                answers.append(json.loads(run.stdout))
            words = words or shown(middle(answers))
            rows.append((f"{size.words}{aim}: {method}", words))
            print("| " + " | ".join(rows[-1]) + " |", file=sys.stderr, flush=True)
            yield rows


if __name__ == "__main__":
    print(json.dumps(one(*sys.argv[1:4])))
