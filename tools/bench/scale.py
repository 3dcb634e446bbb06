"""Large policy spaces: every method on cases of growing size, each in a process of its own with a limit on processor time."""

from __future__ import annotations

import itertools
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sluicegate import Case, solve
from sluicegate.model.follower.combinations import TooManyCombinations
from sluicegate.model.leader.fixed_policy import face_of
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods.local_search import LocalSearch
from sluicegate.model.methods.single_level import SingleLevelProgram
from sluicegate.model.plan.limits import SolveLimits
from sluicegate.model.plan.monitor import Monitor
from sluicegate.model.solver.arrays import Program
from sluicegate.model.solver.highs import Highs

from .generate import generate


@dataclass(frozen=True)
class Sized:
    """A generated case, the gap aimed at and the seconds a method may take; the seeds of which medians are shown.

    Attributes
    ----------
    once
        Methods measured on the first seed alone: those that take all the time and are far from the aim.
    """

    arguments: dict[str, Any]
    gap: float
    seconds: float
    methods: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)
    once: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        a = self.arguments
        if "attacks" in a:
            return f"shortest path, {a['nodes']} nodes, {a['arcs']} arcs, {a['attacks']:g} points of attacks"
        kind = "coupled" if a["coupled"] else "uncoupled"
        groups = "1 group" if a["components"] == 1 else f"{a['components']} groups"
        ends = f" x {len(a['ends'].split(';'))} ends" if a["ends"] else ""
        return f"{kind}, {a['regimes']} regimes x {a['policies']} policies{ends} x {a['weeks']} weeks, {groups}"

    def case(self, seed: int) -> Case:
        """The case of a seed."""
        a = self.arguments
        if "attacks" in a:
            sys.path.append(str(Path(__file__).parents[2] / "tests"))
            from sluicegate_testing.networks import shortest_path

            return shortest_path(a["nodes"], a["arcs"], a["attacks"], seed).case
        return generate(**a, seed=seed)

    def seeds_of(self, method: str) -> tuple[int, ...]:
        """The seeds that a method is measured on."""
        return self.seeds[:1] if method in self.once else self.seeds


def sized(
    regimes: int,
    components: int,
    coupled: bool,
    gap: float,
    seconds: float,
    *methods: str,
    ends: str = "",
    seeds: int = 1,
    once: tuple[str, ...] = (),
) -> Sized:
    arguments = {
        "regimes": regimes,
        "policies": 4,
        "weeks": 52,
        "components": components,
        "coupled": coupled,
        "ends": ends,
    }
    return Sized(arguments, gap, seconds, (*methods, *once), tuple(range(seeds)), once)


def path(nodes: int, arcs: int, attacks: float, seed: int, *methods: str) -> Sized:
    """A shortest path whose arcs are delayed, to be proven within five seconds."""
    return Sized({"nodes": nodes, "arcs": arcs, "attacks": attacks}, 1e-4, 5, methods, (seed,))


OURS = ("auto", "columns", "pieces", "rows", "program", "scip")
TEXTBOOK = ("big-m-highs", "big-m-scip", "products-highs", "enumeration")
CASES = {
    "coupled-5": sized(5, 1, True, 1e-3, 60, *OURS, *TEXTBOOK),
    "coupled-5-ends": sized(5, 1, True, 1e-3, 60, "auto", "pieces", ends="13;26;39;"),
    "coupled-8": sized(8, 1, True, 1e-3, 60, "auto", "pieces", "rows", "program"),
    "coupled-12": sized(
        12, 1, True, 1e-3, 40, "auto", "pieces", "rows", "program", "scip", seeds=3, once=("columns", "big-m-highs")
    ),
    "coupled-20": sized(
        20, 1, True, 2.5e-1, 300, "auto", "pieces", "rows", seeds=3, once=("columns", "program", "scip")
    ),
    "coupled-30-groups": sized(30, 6, True, 1e-3, 120, "auto", "pieces", "rows"),
    "uncoupled-30": sized(
        30, 1, False, 1e-4, 15, "auto", "rows", "program", "scip", seeds=3, once=("columns", "pieces", "big-m-highs")
    ),
    "uncoupled-30-groups": sized(30, 6, False, 1e-4, 30, "rows", "program", "big-m-highs", "big-m-scip"),
    "uncoupled-60": sized(
        60, 1, False, 1e-4, 40, "auto", "rows", seeds=3, once=("columns", "pieces", "program", "scip")
    ),
    "uncoupled-100": sized(
        100, 1, False, 2e-2, 120, "auto", "rows", seeds=3, once=("columns", "pieces", "program", "scip")
    ),
    "uncoupled-150-groups": sized(
        150, 40, False, 1e-3, 60, "auto", "rows", seeds=3, once=("columns", "pieces", "program", "scip")
    ),
    "path-12": path(14, 30, 12, 7, "auto", "rows", "program"),
    "path-25": path(14, 30, 25, 7, "auto", "rows", "program"),
}

Answer = dict[str, Any]


class Clock(Monitor):
    """Stops a solve after some seconds of the processor: others may be using the machine.

    Parameters
    ----------
    seconds
        The limit.
    children
        Whether those of processes that this one has started count too.
    """

    def __init__(self, seconds: float, children: bool = False):
        self.children = children
        self.seconds = seconds
        self.began = self._passed()

    def _passed(self) -> float:
        if not self.children:
            return time.process_time()
        # What has ended counts once it was waited for, what runs as it runs.
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + ended.ru_utime + ended.ru_stime + sum(map(_seconds_of, _children()))

    @property
    def taken(self) -> float:
        return self._passed() - self.began

    def stop(self) -> bool:
        return self.taken > self.seconds


def _children() -> list[str]:
    """Numbers of the processes that this one has started, where the system tells."""
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    return listed.read_text().split() if listed.exists() else []


def _seconds_of(process: str) -> float:
    """Seconds of the processor that a process has taken; 0 once it is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def by_us(case: Case, method: str, gap: float, seconds: float) -> Answer:
    """Solve by a method of ours; a program that ``auto`` runs beside it has a core of its own and does not count."""
    clock = Clock(seconds, children=method == "program")
    try:
        plan = solve(case, method=method, rel_gap=gap, time_limit=math.inf, monitor=clock)
    except TooManyCombinations:
        return {"leverage": None, "bound": None, "gap": None, "seconds": clock.taken, "refused": True}
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
    case = size.case(int(seed))
    others: dict[str, Callable[[], Answer]] = {
        "big-m-highs": lambda: by_program(_textbook(case, False), size.seconds, size.gap),
        "big-m-scip": lambda: by_scip(_textbook(case, False), size.seconds, size.gap),
        "products-highs": lambda: by_program(_textbook(case, True), size.seconds, size.gap),
        "enumeration": lambda: by_enumeration(case, size.seconds, size.gap),
        "scip": lambda: by_scip(_single(case), size.seconds, size.gap),
    }
    answer = others[method]() if method in others else by_us(case, method, size.gap, size.seconds)
    used = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    answer["memory"] = used * 1024
    return answer


def _single(case: Case) -> Program:
    """Our single-level program, as it is handed to a solver."""
    problem = Problem(case)
    shift = problem.constant(0.0, 0.0)
    program = SingleLevelProgram(problem.network, shift, problem.scenarios).compiled.program
    return replace(program, offset=program.offset - shift)


def _textbook(case: Case, products: bool) -> Program:
    from .textbook import textbook

    return textbook(Problem(case), products)


def shown(answer: Answer) -> str:
    if answer.get("refused"):
        return "too many combinations, refused"
    gap = "nothing proven" if answer.get("gap") is None else f"gap {answer['gap']:.2%}"
    if "worst" in answer:
        gap += f" ({'nothing proven' if answer['worst'] is None else format(answer['worst'], '.2%')} at worst)"
    seconds = f"{answer['seconds']:,.0f} s" + (" (projected)" if answer.get("projected") else "")
    seeds = f"median of {answer['seeds']} seeds" if "seeds" in answer else ""
    leverage = seeds or "no plan" if answer["leverage"] is None else f"leverage {answer['leverage']:,.1f}"
    build = f", build {answer['build'] / answer['seconds']:.0%}" if "build" in answer else ""
    return f"{leverage}, {gap}, {seconds}{build}, {answer['memory'] / 1e9:.2f} GB"


def middle(answers: list[Answer]) -> Answer:
    """Medians over seeds, each figure for itself; the greatest gap, the most memory. Leverages of different cases say nothing."""
    if len(answers) == 1 or all(answer.get("refused") for answer in answers):
        return answers[0]
    gaps = [math.inf if answer.get("gap") is None else answer["gap"] for answer in answers]
    gap, worst = statistics.median(gaps), max(gaps)
    return {
        "leverage": None,
        "gap": gap if math.isfinite(gap) else None,
        "worst": worst if math.isfinite(worst) else None,
        "seconds": statistics.median(answer["seconds"] for answer in answers),
        "memory": max(answer["memory"] for answer in answers),
        "seeds": len(answers),
    }


class Runs:
    """Measured runs, kept in a file so that a long measurement can be done in parts.

    Parameters
    ----------
    file
        JSON, one run a line; runs that it holds are not run again. None: nothing is kept.
    """

    def __init__(self, file: Path | None = None):
        self.file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file is not None and file.exists() else []
        self.known = {tuple(run["run"]): run["answer"] for run in map(json.loads, lines)}

    def answer(self, name: str, method: str, seed: int) -> Answer:
        """What a run ends with, in a process of its own; of one that failed the end of what it said as ``failed``."""
        key = (name, method, seed)
        if key not in self.known:
            command = [sys.executable, "-m", "tools.bench.scale", name, method, str(seed)]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            failed = run.returncode != 0
            self.known[key] = {"failed": run.stderr[-200:].strip()} if failed else json.loads(run.stdout)
            if self.file is not None:
                with self.file.open("a", encoding="utf-8") as kept:
                    kept.write(json.dumps({"run": key, "answer": self.known[key]}) + "\n")
        return self.known[key]


def measure(only: list[str], file: Path | None = None) -> Iterator[list[tuple[str, str]]]:
    """Every case, or those named (``CASE`` or ``CASE/METHOD``), one method after another; yield the rows so far after each."""
    rows: list[tuple[str, str]] = []
    runs = Runs(file)
    for entry in only or list(CASES):
        name, _, one_method = entry.partition("/")
        size = CASES[name]
        aim = f" (aim {size.gap:.2%} in {size.seconds:.0f} s)"
        for method in [one_method] if one_method else size.methods:
            answers = [runs.answer(name, method, seed) for seed in size.seeds_of(method)]
            failed = [answer["failed"] for answer in answers if "failed" in answer]
            rows.append((f"{size.words}{aim}: {method}", f"failed: {failed[0]}" if failed else shown(middle(answers))))
            print("| " + " | ".join(rows[-1]) + " |", file=sys.stderr, flush=True)
            yield rows


if __name__ == "__main__":
    print(json.dumps(one(*sys.argv[1:4])))
