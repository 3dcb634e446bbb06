"""How much of the change of leverage each difference explains."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ...data import Case, CaseError
from ...data.schema.tables import Row
from ...model.certify.certificate import CertificateError
from ...model.follower.combinations import TooManyCombinations
from ...model.methods.engine import Engine
from ...model.plan.limits import LIMITED, SolveLimits
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.plan import Plan
from ...model.solving import solve
from .common import common_sense
from .differences import applied, content_digest, differences, group_words, grouped
from .inputs import row_text, shown_value

if TYPE_CHECKING:
    import pandas as pd

REST, TOTAL = "interaction", "total"


@dataclass(frozen=True)
class _Answer:
    """Leverage of the best plan of a case and its proven bound; None where there is none, with why."""

    leverage: float | None
    bound: float | None
    status: str


SOLVED = "solved"


class _Quiet(Monitor):
    """A monitor that says nothing of a single solve, and stops it where the outer one says so."""

    def __init__(self, outer: Monitor):
        self._outer = outer

    def stop(self) -> bool:
        return self._outer.stop()


class Work:
    """Solves cases, each once."""

    def __init__(self, threads: int, monitor: Monitor):
        self.threads = threads
        self.monitor = monitor
        self._answers: dict[str, _Answer] = {}

    def plan(self, case: Case) -> Plan:
        """Return the plan of a case that is compared."""
        return solve(case, threads=self.threads, monitor=self.monitor)

    def know(self, plan: Plan) -> _Answer | None:
        """Take note of a plan that was the answer of a solve; None where it was not."""
        if plan.leverage is None and plan.status == "infeasible":
            answer = _Answer(None, None, "no plan satisfies the limits")
        elif plan.leverage is None or plan.gap is None or plan.bound is None:
            return None
        else:
            answer = _Answer(plan.leverage, plan.bound, SOLVED if plan.status == "optimal" else "not proven best")
        return self._answers.setdefault(content_digest(plan.case), answer)

    def answer(self, case: Case) -> _Answer:
        """Return the answer of a case, solved where it is not known."""
        content = content_digest(case)
        return self._answers[content] if content in self._answers else self._take(case, partial(self._solve, case))

    def _solve(self, case: Case) -> Plan:
        return solve(case, threads=self.threads, monitor=_Quiet(self.monitor))

    def _take(self, case: Case, work: Callable[[], Plan]) -> _Answer:
        if self.monitor.stop():
            return _Answer(None, None, "not solved: stopped")
        try:
            plan = work()
        except TooManyCombinations as error:
            return _Answer(None, None, f"not solved: {error}")
        except Stopped:
            return _Answer(None, None, "not solved: stopped")
        except (CertificateError, ArithmeticError) as error:
            return _Answer(None, None, f"failed its check: {error}")
        if self.monitor.stop():
            return _Answer(None, None, "not solved: stopped")
        return self.know(dataclasses.replace(plan, case=case)) or _Answer(None, None, "no plan was found in time")

    def all(self, cases: Sequence[Case]) -> None:
        """Solve cases; those that differ in limits alone on one engine, no response worked out twice."""
        waiting = {content_digest(case): case for case in cases if content_digest(case) not in self._answers}
        families: dict[str, list[Case]] = {}
        for case in waiting.values():
            families.setdefault(content_digest(case, limits=False), []).append(case)
        done = 0
        self.monitor.stage("differences", len(waiting))
        for family in families.values():
            if len(family) == 1:
                self.answer(family[0])
            else:
                self._share(family)
            done += len(family)
            self.monitor.advance(done, len(waiting))

    def _share(self, family: Sequence[Case]) -> None:
        limits = family[0].settings.limits
        widest = limits.model_copy(
            update={name: max(getattr(case.settings.limits, name) for case in family) for name in LIMITED}
        )
        wide = dataclasses.replace(family[0], settings=family[0].settings.model_copy(update={"limits": widest}))
        quiet = _Quiet(self.monitor)
        try:
            engine = Engine.natural(wide, threads=self.threads, monitor=quiet, stop=quiet.stop)
        except TooManyCombinations:
            # Each on its own may have fewer.
            for case in family:
                self.answer(case)
            return
        with engine:
            for case in family:
                self._take(case, partial(_on, engine, case))


def _on(engine: Engine, case: Case) -> Plan:
    """Return the plan of a case that differs from the engine's in limits alone."""
    return engine.plan(engine.search(SolveLimits.of(case).natural(engine.problem.units)))


class Attribution:
    """Which difference explains how much: each applied alone to A, and each taken back alone from B."""

    def __init__(self, first: Case, second: Case, before: Plan, after: Plan, work: Work):
        self.cases = (first, second)
        self.sense = common_sense(self.cases)
        self.notes: list[str] = []
        self.work = work
        self.change: float | None = None
        found = differences(first, second)
        self.groups, self.grouping = grouped(found, first, second)
        if not found:
            self.notes.append("the cases do not differ in any figure that can change a plan")
        self.ends = tuple(self._end(letter, plan) for letter, plan in (("A", before), ("B", after)))
        start, end = (answer.leverage for answer in self.ends)
        if start is None or end is None:
            self.notes.append(f"the change of {self.sense.outcome} is not attributed, there being no plan on one side")
            return
        self.change = self.sense.sign * (end - start) + 0.0
        self.answers = self._one_at_a_time()

    def _end(self, letter: str, plan: Plan) -> _Answer:
        answer = self.work.know(plan)
        if answer is None:
            self.notes.append(
                f"{letter} was not optimised; the attribution is of the best plans, so it was solved for it"
            )
            answer = self.work.answer(plan.case)
        return answer

    def _one_at_a_time(self) -> list[tuple[_Answer, _Answer]]:
        tried: list[list[Case | _Answer]] = []
        for group in self.groups:
            tried.append([])
            for place in (0, 1):
                try:
                    case = applied(self.cases[place], self.cases[1 - place], group, forward=place == 0)
                    tried[-1].append(case)
                except CaseError as error:
                    more = f" and {len(error.faults) - 1} more" if len(error.faults) > 1 else ""
                    tried[-1].append(_Answer(None, None, f"refused: {error.faults[0]}{more}"))
        self.work.all([each for pair in tried for each in pair if isinstance(each, Case)])
        answers = [[self.work.answer(each) if isinstance(each, Case) else each for each in pair] for pair in tried]
        return [(first, second) for first, second in answers]

    def frame(self) -> pd.DataFrame | None:
        """Return the attribution; None where there is a plan on one side only."""
        import pandas as pd

        if self.change is None:
            return None
        rows: list[dict[str, Any]] = []
        for group, answers in zip(self.groups, self.answers, strict=True):
            single = group[0] if len(group) == 1 else None
            entry: dict[str, Any] = {"difference": group_words(group), "figures": len(group), "A": None, "B": None}
            if single is not None:
                cells = single.before, single.after
                told = [
                    row_text(cell) or "as by default" if isinstance(cell, Row) else shown_value(cell) for cell in cells
                ]
                entry["A"], entry["B"] = told
            for letter, place, sign in (("A", 0, 1.0), ("B", 1, -1.0)):
                entry |= self._effect(letter, self.ends[place], answers[place], sign)
            rows.append(entry)
        rows += self._sums(rows)
        frame = pd.DataFrame(rows, dtype=object)
        numbers = [f"{name}_from_{letter}" for letter in "AB" for name in ("effect", "share", "gap")]
        return frame.astype(dict.fromkeys(numbers, float))

    def _share_of(self, effect: float | None) -> float | None:
        noise = 1e-9 * max(*(abs(end.leverage or 0.0) for end in self.ends))
        return None if effect is None or self.change is None or abs(self.change) <= noise else effect / self.change

    def _effect(self, letter: str, end: _Answer, alone: _Answer, sign: float) -> dict[str, Any]:
        effect = gap = None
        if alone.leverage is not None and end.leverage is not None:
            effect = self.sense.sign * sign * (alone.leverage - end.leverage) + 0.0
            gap = sum(max(0.0, (each.bound or 0.0) - (each.leverage or 0.0)) for each in (alone, end))
        return self._cells(letter, effect, gap, alone.status)

    def _cells(self, letter: str, effect: float | None, gap: float | None, status: str) -> dict[str, Any]:
        return {
            f"effect_from_{letter}": effect,
            f"share_from_{letter}": self._share_of(effect),
            f"gap_from_{letter}": gap,
            f"status_from_{letter}": status,
        }

    def _sums(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        assert self.change is not None
        rest: dict[str, Any] = {"difference": REST, "figures": None, "A": None, "B": None}
        total: dict[str, Any] = {"difference": TOTAL, "figures": None, "A": None, "B": None}
        gap = sum(max(0.0, (end.bound or 0.0) - (end.leverage or 0.0)) for end in self.ends)
        for letter in "AB":
            effects = [row[f"effect_from_{letter}"] for row in rows]
            known = math.fsum(effect for effect in effects if effect is not None)
            unknown = sum(effect is None for effect in effects)
            status = f"holds {unknown} that could not be had alone" if unknown else ""
            gaps = math.fsum(row[f"gap_from_{letter}"] or 0.0 for row in rows)
            rest |= self._cells(letter, self.change - known + 0.0, gap + gaps, status)
            total |= self._cells(letter, self.change, gap, "")
        return [rest, total]
