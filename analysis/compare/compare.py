"""Plans side by side, and which difference of the inputs explains how much of the leverage (docs/compare.md)."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data import TABLES, Case, CaseError, Settings, load_case
from ...data.check.notices import notice
from ...data.check.references import check
from ...data.input.draft import draft_of
from ...data.schema.declarations import columns, references, setting_keys
from ...data.schema.tables import Delay, Row, StartWeeks
from ...data.storage.digests import check_digests
from ...model.certify.certificate import CertificateError
from ...model.follower.combinations import TooManyCombinations
from ...model.methods.engine import Engine
from ...model.plan.choices import LANE, POLICY, STOCKPILE, Offer, same_amount
from ...model.plan.limits import SolveLimits
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.plan import Plan
from ...model.solving import solve
from ..results import blaming, read_result, result_kind

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 30
"""Differences of the inputs up to which each has a row of its own in the attribution."""

WITHOUT_EFFECT = {("case", "title"), ("case", "currency"), ("horizon", "start"), ("parties", "name")}
WITHOUT_EFFECT |= {("sites", "name"), ("items", "name"), ("items", "unit"), ("regimes", "name")}
"""Settings and columns that never change a plan."""

LIMITS = ("budget", "reviewer_hours", "political_capital")

REST, TOTAL = "interaction", "total"

Key = tuple[str, ...]
Compared = Plan | Case | str | os.PathLike[str]


@dataclass(frozen=True)
class Comparison:
    """Plans side by side.

    Attributes
    ----------
    names
        What was compared, by the letter that stands for it.
    plans
        The plans, by letter.
    inputs : pandas.DataFrame
        Figures and rows that differ: table, key, column, one column for each letter. A row that is not in all cases has the
        column ``(row)``: what it says where it is there, None where it is not.
    choices : pandas.DataFrame
        Policies, lanes to qualify and stockpiles: kind, name, one column for each letter, differs.
    outcomes : pandas.DataFrame
        Figures of the plans: measure, name, one column for each letter, differs.
    attribution : pandas.DataFrame or None
        Two things compared only. For each difference of the inputs: difference, figures, A, B, and for both directions
        effect, share of the change, gap (how far the effect may be off, since solves have gaps) and status; then the rows
        `interaction` and `total`.
    change
        Leverage of B less that of A, of the best plans.
    grouping
        What one row of the attribution stands for.
    notes
        What a reader should know.
    """

    names: Mapping[str, str]
    plans: Mapping[str, Plan] = field(repr=False)
    inputs: pd.DataFrame = field(repr=False)
    choices: pd.DataFrame = field(repr=False)
    outcomes: pd.DataFrame = field(repr=False)
    attribution: pd.DataFrame | None = field(default=None, repr=False)
    change: float | None = None
    grouping: str = ""
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; a number that is not finite stays one."""
        return {
            "schema": 1,
            "names": dict(self.names),
            "inputs": _records(self.inputs),
            "choices": _records(self.choices),
            "outcomes": _records(self.outcomes),
            "change": self.change,
            "attribution": None if self.attribution is None else _records(self.attribution),
            "grouping": self.grouping,
            "notes": list(self.notes),
        }


def compare(
    inputs: Sequence[Compared],
    *,
    threads: int = 1,
    attribute: bool = True,
    monitor: Monitor | None = None,
    remarks: Sequence[str] = (),
) -> Comparison:
    """Put results or cases side by side, and say which input explains how much of the change of leverage.

    Parameters
    ----------
    inputs
        Plans, cases, result folders (read, not solved again) and paths or names of cases (solved).
    threads
        Processes that work out responses.
    attribute
        Whether to attribute the change of leverage, which takes two solves for each difference.
    monitor
        Told of progress; asked whether to stop.
    remarks
        What is known of the things already; the first of the notes.

    Raises
    ------
    ValueError
        For fewer than two things, or a result folder that cannot be read.
    CaseError
        For a case that is refused.
    """
    if len(inputs) < 2:
        raise ValueError("compare: name at least two results or cases")
    notes = list(remarks)
    altered: dict[str, Sequence[str]] = {}
    read = [_read(each, notes, altered) for each in inputs]
    with blaming(altered):
        return _compared(read, notes, threads, attribute, monitor or Monitor())


def _compared(
    read: Sequence[tuple[str, Case, Plan | None]], notes: list[str], threads: int, attribute: bool, monitor: Monitor
) -> Comparison:
    letters = [_letter(place) for place in range(len(read))]
    names = dict(zip(letters, (name for name, _, _ in read), strict=True))
    work = _Work(threads, monitor)
    plans: dict[str, Plan] = {}
    for letter, (_, case, plan) in zip(letters, read, strict=True):
        plans[letter] = plan if plan is not None else work.plan(case)
    cases = {letter: plan.case for letter, plan in plans.items()}
    notes += _remarks(plans)
    attribution, change, grouping = None, None, ""
    if attribute and len(read) == 2:
        attributed = _Attribution(cases["A"], cases["B"], plans["A"], plans["B"], work)
        attribution, change, grouping = attributed.frame(), attributed.change, attributed.grouping
        notes += attributed.notes
    elif attribute:
        notes.append("the change of leverage is attributed where two things are compared")
    return Comparison(
        names, plans, _inputs(cases), _choices(plans), _outcomes(plans), attribution, change, grouping, tuple(notes)
    )


def _letter(place: int) -> str:
    letter = chr(ord("A") + place % 26)
    return letter if place < 26 else f"{letter}{place // 26 + 1}"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


# What is compared ------------------------------------------------------------------------------------------------------


def _read(given: Compared, notes: list[str], altered: dict[str, Sequence[str]]) -> tuple[str, Case, Plan | None]:
    """Return name, case and plan of one thing; no plan where it is to be solved.

    What a reader should know is added to `notes`, files of a result that are not as they were written to `altered`.
    """
    if isinstance(given, Plan):
        return given.case.name, given.case, given
    if isinstance(given, Case):
        return given.name, given, None
    path = Path(given)
    if result_kind(path) == "plan":
        plan, remarks = read_result(path)
        notes.extend(f"{os.fspath(given)}: {remark}" for remark in remarks)
        altered[os.fspath(given)] = check_digests(path).altered
        return os.fspath(given), plan.case, plan
    return os.fspath(given), load_case(given), None


def _remarks(plans: Mapping[str, Plan]) -> Iterator[str]:
    currencies = {plan.case.settings.case.currency for plan in plans.values()}
    if len(currencies) > 1:
        yield "money is in different currencies; figures are compared as they stand"
    if len({plan.case.settings.horizon.weeks for plan in plans.values()}) > 1:
        yield "the horizons differ: losses add up over different numbers of weeks"
    for letter, plan in plans.items():
        if plan.leverage is None:
            words = "no plan satisfies its limits" if plan.status == "infeasible" else "no plan was found"
            yield f"{letter}: {words}"
        elif plan.status == "infeasible":
            yield f"{letter}: choices as given, which break limits"
        elif plan.gap is None:
            yield f"{letter}: choices as given, not optimised"
        elif plan.status == "feasible":
            yield f"{letter}: not proven best, the gap being {plan.gap:.2g}"


# Inputs ----------------------------------------------------------------------------------------------------------------


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, Delay) and isinstance(second, Delay):
        return first.weights == second.weights
    if isinstance(first, StartWeeks) and isinstance(second, StartWeeks):
        return first.weeks == second.weeks
    return bool(first == second)


def _shown(value: Any) -> Any:
    """Return a value of a case as a plain one."""
    if value is None or isinstance(value, (int, float, str)):
        return value
    return str(value)


def keyed(cases: Sequence[Case], table: str) -> list[dict[Key, Row]]:
    """Return the rows of a table in every case by a key under which they are the same row.

    A row of a contingency that is the only one of its outage for a lane or process in all cases is the same row whatever
    its weeks are.
    """
    model = TABLES[table]
    counts = [Counter(row.id for row in case.rows(table)) for case in cases] if model.key else []
    single = {name for count in counts for name in count if all(other[name] <= 1 for other in counts)}

    def key(row: Row) -> Key:
        if row.id in single:
            return (row.id,)
        return (row.id, *(str(getattr(row, name)) for name in model.key))

    return [{key(row): row for row in case.rows(table)} if model.key else {} for case in cases]


def _key_text(key: Key, row: Row) -> str:
    """Return a row's key as it is shown."""
    if len(key) == 1 or row.table != "contingencies":
        return row.id
    return f"{row.id}, week {getattr(row, 'from_week', '')}"


def _figures(row: Row) -> dict[str, Any]:
    """Return the cells of a row that are no part of its key."""
    return {name: getattr(row, name) for name in columns(type(row)) if name not in row.key}


def _row_text(row: Row) -> str:
    """Return what a row says, defaults left out."""
    told = {
        name: _shown(value)
        for name, value in _figures(row).items()
        if value not in (None, "") and not _same(value, columns(type(row))[name].default)
    }
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in told.items()
    )


def _settings(case: Case) -> Iterator[tuple[str, str, Any]]:
    for section in columns(Settings):
        declared = getattr(case.settings, section)
        for name in setting_keys(section):
            yield section, name, getattr(declared, name)


def _inputs(cases: Mapping[str, Case]) -> pd.DataFrame:
    import pandas as pd

    letters = list(cases)
    found: list[list[Any]] = []
    for rows in zip(*(list(_settings(case)) for case in cases.values()), strict=True):
        section, name, first = rows[0]
        if not all(_same(first, value) for _, _, value in rows):
            found.append([section, "", name, *(_shown(value) for _, _, value in rows)])
    for table, model in TABLES.items():
        if not model.key:
            contents = [Counter(case.rows(table)) for case in cases.values()]
            if any(content != contents[0] for content in contents):
                found.append([table, "", "(rows)", *(len(case.rows(table)) for case in cases.values())])
            continue
        maps = keyed(list(cases.values()), table)
        for key in dict.fromkeys(key for rows_by_key in maps for key in rows_by_key):
            rows_there = [rows_by_key.get(key) for rows_by_key in maps]
            present = [row for row in rows_there if row is not None]
            text = _key_text(key, present[0])
            if len(present) < len(rows_there):
                told = [None if row is None else _row_text(row) or "as by default" for row in rows_there]
                found.append([table, text, "(row)", *told])
            for name in columns(model):
                values = [None if row is None else getattr(row, name) for row in rows_there]
                if len(present) > 1 and not all(
                    _same(getattr(present[0], name), getattr(row, name)) for row in present
                ):
                    found.append([table, text, name, *map(_shown, values)])
    return pd.DataFrame(found, columns=["table", "key", "column", *letters], dtype=object)


# Choices and outcomes --------------------------------------------------------------------------------------------------


def _union(maps: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for each in maps for name in each))


def _differ(values: Sequence[Any]) -> bool:
    first = values[0]
    for value in values[1:]:
        both = isinstance(first, (int, float)) and isinstance(value, (int, float))
        if both and not math.isclose(first, value, rel_tol=1e-6):
            return True
        if not both and first != value:
            return True
    return False


def _frame(heads: Sequence[str], rows: Iterable[Sequence[Any]], letters: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    told = [[*row, _differ(row[len(heads) :])] for row in rows]
    return pd.DataFrame(told, columns=[*heads, *letters, "differs"], dtype=object).astype({"differs": bool})


def _choices(plans: Mapping[str, Plan]) -> pd.DataFrame:
    import pandas as pd

    each = list(plans.values())
    offers = [Offer.of(plan.case) for plan in each]
    found = [plan.leverage is not None for plan in each]
    rows: list[list[Any]] = []
    for regime in _union(plan.policies for plan in each):
        policies = [plan.policies.get(regime) for plan in each]
        rows.append([POLICY, regime, *policies, _differ(policies)])
    for lane in _union(dict.fromkeys(offer.lanes) for offer in offers):
        qualified = [
            (lane in plan.qualified) if lane in offer.lanes and there else None
            for plan, offer, there in zip(each, offers, found, strict=True)
        ]
        rows.append([LANE, lane, *qualified, _differ(qualified)])
    for pair in _union(plan.stockpile for plan in each):
        amounts = [plan.stockpile.get(pair, 0.0) if there else None for plan, there in zip(each, found, strict=True)]
        rows.append([STOCKPILE, pair, *amounts, not _same_amounts(pair, amounts, offers)])
    columns = ["kind", "name", *plans, "differs"]
    return pd.DataFrame(rows, columns=columns, dtype=object).astype({"differs": bool})


def _same_amounts(pair: str, amounts: Sequence[float | None], offers: Sequence[Offer]) -> bool:
    """Say whether all amounts of a stockpile count as the same, by the least ``stockpile_max`` among the cases that offer it."""
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return not known
    offer = min((offer for offer in offers if pair in offer.most), key=lambda offer: offer.most[pair])
    return same_amount(pair, min(known), max(known), offer)


def _outcomes(plans: Mapping[str, Plan]) -> pd.DataFrame:
    each = list(plans.values())
    rows: list[list[Any]] = [
        [measure, "", *(getattr(plan, measure) for plan in each)]
        for measure in (
            "status",
            "leverage",
            "bound",
            "counterpart_loss",
            "own_loss",
            "worst_package",
            "sourcing_only_leverage",
        )
    ]
    ends = [None if plan.leverage_range is None else plan.leverage_range[0] for plan in each]
    rows.insert(3, ["least_leverage", "", *ends])
    for name in LIMITS:
        rows.append(["used", name, *((plan.limits.get(name) or {}).get("used") for plan in each)])
    for name in _union(plan.scenarios for plan in each):
        rows.append(["scenario_leverage", name, *((plan.scenarios.get(name) or {}).get("leverage") for plan in each)])
    limited = {
        f"{row.site}/{row.item}": True
        for plan in each
        for row in plan.case.demands
        if row.min_fill > 0 or row.min_fill_week > 0
    }
    for pair in limited:
        rows.append(["least_mean_fill", pair, *(_least_fill(plan, pair) for plan in each)])
    for pair in _union(plan.counterpart_fill for plan in each):
        rows.append(["counterpart_fill", pair, *(plan.counterpart_fill.get(pair) for plan in each)])
    return _frame(["measure", "name"], rows, list(plans))


def _least_fill(plan: Plan, pair: str) -> float | None:
    """Mean fill of a demand in the scenario that serves it least."""
    fills = [entry["fill"][pair] for entry in plan.scenarios.values() if pair in entry.get("fill", {})]
    return min(fills, default=None)


# Attribution -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """One figure, or one whole row, in which two cases differ.

    Attributes
    ----------
    table, key, column
        Table (or section of the settings), key under which rows are matched, column; no column means the whole row.
    before, after
        Value, or row, in A and in B; None where the row is not there.
    """

    table: str
    key: Key
    column: str
    before: Any
    after: Any

    @property
    def row(self) -> Row | None:
        """The whole row, where it is one."""
        return None if self.column else (self.after if self.before is None else self.before)

    def words(self) -> str:
        """Return the difference as it is named."""
        row = self.row
        if row is not None:
            return f"{self.table} {_key_text(self.key, row)} {'added' if self.before is None else 'removed'}"
        return ".".join(filter(None, (self.table, self.key[0] if self.key else "", self.column)))


def differences(first: Case, second: Case) -> list[Difference]:
    """Return every difference of two cases that can change a plan."""
    found = []
    pairs = zip(_settings(first), _settings(second), strict=True)
    for (section, name, before), (_, _, after) in pairs:
        if section not in ("case", "solver") and (section, name) not in WITHOUT_EFFECT and not _same(before, after):
            found.append(Difference(section, (), name, before, after))
    for table, model in TABLES.items():
        before_rows, after_rows = keyed([first, second], table)
        for key in dict.fromkeys([*before_rows, *after_rows]):
            before, after = before_rows.get(key), after_rows.get(key)
            if before is None or after is None:
                found.append(Difference(table, key, "", before, after))
                continue
            for name in columns(model):
                values = getattr(before, name), getattr(after, name)
                if (table, name) not in WITHOUT_EFFECT and not _same(*values):
                    found.append(Difference(table, key, name, *values))
    return found


class _Sets:
    """Numbers joined into sets."""

    def __init__(self, count: int):
        self._parent = list(range(count))

    def root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number

    def join(self, first: int, second: int) -> None:
        low, high = sorted((self.root(first), self.root(second)))
        self._parent[high] = low

    def groups(self) -> list[list[int]]:
        found: dict[int, list[int]] = {}
        for number in range(len(self._parent)):
            found.setdefault(self.root(number), []).append(number)
        return list(found.values())


def _needs(table: str, row: Row) -> Iterator[tuple[str, str]]:
    """Yield table and id of the rows that a row refers to."""
    for column, target in references(type(row)).items():
        value = getattr(row, column)
        if value is not None:
            yield target, value
    if table == "retaliations":
        yield "policies", f"{row.regime}/{row.policy}"  # type: ignore[attr-defined]


def has_independent_components(
    found: Sequence[Difference], first: Case, second: Case
) -> tuple[list[list[Difference]], str]:
    """Return differences in groups that are applied together, and what a group is.

    Rows that are added (removed) go together with the added (removed) rows and the figures that refer to them.
    """
    sets = _Sets(len(found))
    maps = {table: keyed([first, second], table) for table in TABLES}
    for end in (0, 1):
        # Rows that are there in one of the two cases only.
        there = {
            (each.table, each.row.id): place
            for place, each in enumerate(found)
            if each.row is not None and (each.before, each.after)[end] is not None
        }
        for place, each in enumerate(found):
            row = maps[each.table][end].get(each.key) if each.table in TABLES else None
            if row is not None:
                for target in _needs(each.table, row):
                    if target in there:
                        sets.join(place, there[target])
    words = "each figure and each whole row that differs"
    for coarser, by in (
        ("each row with a difference", lambda each: (each.table, each.key)),
        ("each table with a difference", lambda each: (each.table,)),
    ):
        if len(sets.groups()) <= MOST_ROWS:
            break
        first_of: dict[tuple[Any, ...], int] = {}
        for place, each in enumerate(found):
            sets.join(first_of.setdefault(by(each), place), place)
        words = f"{coarser}, the figures that differ being more than {MOST_ROWS}"
    return [[found[place] for place in places] for places in sets.groups()], words


def group_words(group: Sequence[Difference]) -> str:
    """Return how a group of differences is named."""
    if len(group) == 1:
        return group[0].words()
    rows = [each for each in group if each.row is not None]
    if rows:
        ids = {(each.table, each.row.id) for each in rows if each.row is not None}
        roots = [
            each for each in rows if each.row is not None and not ids.intersection(_needs(each.table, each.row))
        ] or rows
        words = ", ".join(each.words() for each in roots[:2])
        others = len(group) - min(2, len(roots))
        return words + (f", and {others} more that go with it" if others else "")
    tables = dict.fromkeys(each.table for each in group)
    if len({(each.table, each.key) for each in group}) == 1 and group[0].key:
        return f"{group[0].table}.{group[0].key[0]} ({len(group)} figures)"
    return f"{', '.join(tables)} ({len(group)} figures)"


def applied(base: Case, other: Case, group: Iterable[Difference], *, forward: bool) -> Case:
    """Return a case with some differences from another applied to it.

    Parameters
    ----------
    base, other
        The case to change and the one it is compared with, in either order.
    group
        The differences.
    forward
        Whether B's values are to be taken, not A's.

    Raises
    ------
    CaseError
        Where that is no case.
    """
    settings = base.settings
    rows: dict[str, dict[Key, Row]] = {}
    for each in group:
        value = each.after if forward else each.before
        if each.table not in TABLES:
            section = getattr(settings, each.table).model_copy(update={each.column: value})
            settings = settings.model_copy(update={each.table: section})
            continue
        table = rows.setdefault(each.table, dict(keyed([base, other], each.table)[0]))
        if each.column:
            table[each.key] = table[each.key].model_copy(update={each.column: value})
        elif value is None:
            del table[each.key]
        else:
            table[each.key] = value
    changed: dict[str, Any] = {table: tuple(content.values()) for table, content in rows.items()}
    draft = draft_of(base, settings, changed)
    faults = check(draft)
    if faults:
        raise CaseError(faults)
    return dataclasses.replace(base, settings=settings, warnings=tuple(notice(draft)), places={}, **changed)


def _content(case: Case, *, limits: bool = True) -> str:
    """Return a digest of all that can change a plan, whatever the order of rows."""
    told: list[Any] = [
        [section, name, repr(value)]
        for section, name, value in _settings(case)
        if section not in ("case", "solver") and (section, name) not in WITHOUT_EFFECT
        if limits or section != "limits"
    ]
    for table, model in TABLES.items():
        if model.key:
            names = [name for name in columns(model) if (table, name) not in WITHOUT_EFFECT]
            told.append(
                [table, sorted([repr(_plain(getattr(row, name))) for name in names] for row in case.rows(table))]
            )
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, StartWeeks):
        return value.weeks
    return value.weights if isinstance(value, Delay) else value


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


class _Work:
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
        return self._answers.setdefault(_content(plan.case), answer)

    def answer(self, case: Case) -> _Answer:
        """Return the answer of a case, solved where it is not known."""
        content = _content(case)
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
        waiting = {_content(case): case for case in cases if _content(case) not in self._answers}
        families: dict[str, list[Case]] = {}
        for case in waiting.values():
            families.setdefault(_content(case, limits=False), []).append(case)
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
            update={name: max(getattr(case.settings.limits, name) for case in family) for name in LIMITS}
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


class _Attribution:
    """Which difference explains how much: each applied alone to A, and each taken back alone from B."""

    def __init__(self, first: Case, second: Case, before: Plan, after: Plan, work: _Work):
        self.cases = (first, second)
        self.notes: list[str] = []
        self.work = work
        self.change: float | None = None
        found = differences(first, second)
        self.groups, self.grouping = has_independent_components(found, first, second)
        if not found:
            self.notes.append("the cases do not differ in any figure that can change a plan")
        self.ends = tuple(self._end(letter, plan) for letter, plan in (("A", before), ("B", after)))
        start, end = (answer.leverage for answer in self.ends)
        if start is None or end is None:
            self.notes.append("the change of leverage is not attributed, there being no plan on one side")
            return
        self.change = end - start
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
                told = [_row_text(cell) or "as by default" if isinstance(cell, Row) else _shown(cell) for cell in cells]
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
            effect = sign * (alone.leverage - end.leverage) + 0.0
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
