"""How much of the change of leverage each difference explains."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...data import Case, CaseError
from ...data.schema.names import Names
from ...data.schema.tables import Row
from ...model.plan.plan import Plan
from .common import common_sense
from .differences import applied, differences, group_words, grouped
from .inputs import row_text, shown_value
from .work import Answer, Work

if TYPE_CHECKING:
    import pandas as pd

REST, TOTAL = "interaction", "total"


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

    def _end(self, letter: str, plan: Plan) -> Answer:
        answer = self.work.know(plan)
        if answer is None:
            self.notes.append(
                f"{letter} was not optimised; the attribution is of the best plans, so it was solved for it"
            )
            answer = self.work.answer(plan.case)
        return answer

    def _one_at_a_time(self) -> list[tuple[Answer, Answer]]:
        tried: list[list[Case | Answer]] = []
        for group in self.groups:
            tried.append([])
            for place in (0, 1):
                try:
                    case = applied(self.cases[place], self.cases[1 - place], group, forward=place == 0)
                    tried[-1].append(case)
                except CaseError as error:
                    more = f" and {len(error.faults) - 1} more" if len(error.faults) > 1 else ""
                    tried[-1].append(Answer(None, None, f"refused: {error.faults[0]}{more}"))
        self.work.all([each for pair in tried for each in pair if isinstance(each, Case)])
        answers = [[self.work.answer(each) if isinstance(each, Case) else each for each in pair] for pair in tried]
        return [(first, second) for first, second in answers]

    def frame(self) -> pd.DataFrame | None:
        """Return the attribution; None where there is a plan on one side only."""
        import pandas as pd

        if self.change is None:
            return None
        rows: list[dict[str, Any]] = []
        names = Names(*self.cases)
        for group, answers in zip(self.groups, self.answers, strict=True):
            single = group[0] if len(group) == 1 else None
            entry: dict[str, Any] = {
                "difference": group_words(group),
                "title": group_words(group, names),
                "figures": len(group),
                "A": None,
                "B": None,
            }
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

    def _effect(self, letter: str, end: Answer, alone: Answer, sign: float) -> dict[str, Any]:
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
        rest: dict[str, Any] = {"difference": REST, "title": REST, "figures": None, "A": None, "B": None}
        total: dict[str, Any] = {"difference": TOTAL, "title": TOTAL, "figures": None, "A": None, "B": None}
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
