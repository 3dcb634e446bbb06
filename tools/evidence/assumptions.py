"""How much the Taiwan-Korea advice hangs on each assumption: one at a time, to both ends of a range."""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sluicegate import load_case, solve
from sluicegate.data import apply_overrides
from sluicegate.data.schema.tables import TABLES
from sluicegate.model.formulation.follower import build_follower
from sluicegate.model.formulation.linking import LeaderProblem, PolicyBounds, margin_terms
from sluicegate.model.leader.recompute import FirstStage, OperationsSolver, response_variables
from sluicegate.model.leader.scenario_values import leverage_by_package
from sluicegate.model.network import NONE, OPEN, Network
from sluicegate.model.solver.arrays import Compiled, compile_model
from sluicegate.model.solver.highs import Highs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sluicegate import Case

CASE = "taiwan-korea"
LATER = "taiwan-korea-mid-2026"
RANGES = Path(__file__).parent / "assumption-ranges.csv"
FOLDER = Path(__file__).parent / "data"

SOLVED_AGAIN = {CASE: 4, LATER: 0}
"""Assumptions of the widest swing for which the best plan of a case is searched anew at both ends; 0: none at all."""

TIGHTER = {
    ("demands", "min_fill"): ("high",),
    ("demands", "min_fill_week"): ("high",),
    ("contingencies", "availability"): ("low",),
    ("contingencies", "from_week"): (),
    ("contingencies", "to_week"): (),
    ("limits", "budget"): ("low", "high"),
    ("limits", "reviewer_hours"): ("low", "high"),
    ("limits", "political_capital"): ("low", "high"),
    ("policies", "reviewer_load"): (),
    ("policies", "political_cost"): (),
    ("stocks", "stockpile_max"): (),
    ("bargain", "stake"): (),
    ("bargain", "concession_cost"): (),
}
"""Columns that act on what is allowed and not on what a plan yields, with the ends at which the best plan is searched anew.

A quarter more reviewer load or political cost is a fifth less of its limit, which is searched.
"""


@dataclass(frozen=True)
class Assumption:
    """A sentence of reasoning in the case's sources, with every figure that rests on it.

    Attributes
    ----------
    table, column, note
        What is assumed and why.
    keys : tuple of str
        Rows it sets.
    """

    table: str
    column: str
    note: str
    keys: tuple[str, ...]

    @property
    def limiting(self) -> bool:
        """Whether it acts on what is allowed only."""
        return (self.table, self.column) in TIGHTER


@dataclass(frozen=True)
class Advice:
    """The plan of the case as shipped."""

    policies: Mapping[str, str]
    qualified: tuple[str, ...]
    stockpile: Mapping[str, float]
    package: str
    leverage: float


def assumptions(case: Case) -> list[Assumption]:
    """Return the assumptions of a case, in the order of its sources."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in case.sources:
        if row.confidence == "assumed":
            found.setdefault((row.table_, row.column_, row.note), []).append(row.key_)
    return [Assumption(*key, tuple(keys)) for key, keys in found.items()]


@dataclass(frozen=True)
class Span:
    """How far an assumption is moved: ``kind`` as in `moved`, its ends, and why they are these."""

    kind: str
    low: float
    high: float
    reason: str


STATED = re.compile(r"low ([\d.]*\d); high ([\d.]*\d)")
"""How a note of the case gives the range of its figure."""


def ranges() -> pd.DataFrame:
    """Return how far each column is moved, and what would settle it, indexed by table and column."""
    return pd.read_csv(RANGES).set_index(["table", "column"])


def span(assumption: Assumption) -> Span:
    """Return how far an assumption is moved: to the range its note states, else by the rule of its column."""
    stated = STATED.search(assumption.note)
    if stated:
        return Span("value", float(stated[1]), float(stated[2]), "as the case states")
    about = ranges().loc[(assumption.table, assumption.column)]
    return Span(about["kind"], float(about["low"]), float(about["high"]), about["reason"])


def moved(case: Case, assumption: Assumption, kind: str, by: float) -> Case:
    """Return the case with every figure of an assumption moved.

    Parameters
    ----------
    kind
        ``factor``, ``lags`` (a factor on every lag, whole weeks), ``weeks`` (added, not below 0), ``share`` (added, within 0
        and 1) or ``value`` (the figure itself).
    by
        How far.
    """
    texts = [text for key in assumption.keys for text in _texts(case, assumption, key, kind, by)]
    return apply_overrides(case, texts)


def _texts(case: Case, assumption: Assumption, key: str, kind: str, by: float) -> list[str]:
    table, column = assumption.table, assumption.column
    path = f"{table}.{key}.{column}" if key else f"{table}.{column}"
    if kind == "value":
        return [f"{path}={by:.10g}"]
    if not key:
        present = getattr(getattr(case.settings, table), column)
        return [f"{path}={round(present + by) if kind == 'weeks' else present * by:.10g}"]
    row: Any = next(row for row in case.rows(table) if row.id == key)
    present = getattr(row, column)
    if kind == "lags":
        lags = ";".join(f"{round(lag * by)}:{share:.10g}" for lag, share in present.weights)
        return [f"{path}={lags}"]
    if kind == "weeks":
        ends = row.ends if column == "end_week" else (present,)
        return [f"{path}={';'.join('' if end is None else str(max(0, round(end + by))) for end in ends)}"]
    if kind == "share":
        return [f"{path}={min(1.0, max(0.0, present + by)):.10g}"]
    value = round(present * by) if column.endswith("_weeks") or column.endswith("_week") else present * by
    # A lane carries at least what it carried before.
    if (table, column) == ("lanes", "max_flow"):
        value = max(value, row.base_flow)
    texts = [f"{path}={value:.10g}"]
    if (table, column) == ("lanes", "base_flow") and value > row.max_flow:
        texts.append(f"lanes.{key}.max_flow={value:.10g}")
    return texts


TIE = 1e-4
"""Share of its kindness by which a response's costs are lowered: far below any difference of prices in the case."""

COUNTERPART, OURS = "counterpart", "ours"


def sides(case: Case, assumption: Assumption) -> set[str]:
    """Return the sides whose programs the figures of an assumption are part of; both where in doubt."""
    network = Network(case)
    found = set()
    for key in assumption.keys:
        if assumption.table in ("stocks", "demands"):
            found.add(network.side[key.split("/")[0]])
        elif assumption.table in ("processes", "recipes"):
            found.add(network.side[network.processes[key.split("/")[0]].site])
        elif assumption.table == "lanes":
            lane = network.lanes[key]
            found |= {network.side[lane.origin], network.side[lane.destination]} - {"other"}
        else:
            found |= {COUNTERPART, OURS}
    return found


def renamed(policies: Mapping[str, str], before: Case, after: Case) -> dict[str, str]:
    """Return the policies of a plan in the names of a case whose ends have moved: `review@26` is `review@22` there."""
    found = {}
    for regime, policy in policies.items():
        name, several, week = policy.partition("@")
        if several:
            old, new = (
                next(row.ends for row in case.policies if (row.regime, row.policy) == (regime, name))
                for case in (before, after)
            )
            policy = f"{name}@{new[old.index(int(week))]}"
        found[regime] = policy
    return found


class AdviceSolver:
    """Works out the leverage of the advice, program by program: what a change does not touch is not built again.

    Leverage is that of the package which is worst for the advice as shipped, limits and outages left aside. The response is solved
    first, its costs lowered by a tiny multiple of its kindness so that ties fall as in model.md section 5, then our side alone.

    Parameters
    ----------
    case
        The case as shipped.
    advice
        Its plan.
    """

    def __init__(self, case: Case, advice: Advice):
        self.advice = advice
        self.case = case
        network = self._network(case)
        self._responses = self._respond(network)
        self._operator = self._ours(network)

    def _network(self, case: Case) -> Network:
        chosen = self.advice.policies
        # A policy with several ends is named `review@26` in a plan.
        kept = tuple(row for row in case.policies if chosen.get(row.regime, row.policy).partition("@")[0] == row.policy)
        return Network(replace(case, policies=kept, contingencies=()))

    def _respond(self, network: Network) -> list[tuple[float, np.ndarray]]:
        """Cost and values of the response's variables, with everything open and under the advice; NaN: in no row."""
        found = []
        alone = build_follower(network)
        compiled = compile_model(alone)
        gate = PolicyBounds(compiled, alone.response)
        ungated, cost = compiled.program.column_upper, compiled.program.cost
        compiled.program.cost = cost - TIE * self._kindness(network, compiled, alone.response)
        places = compiled.columns(response_variables(alone.response))
        for policies in ({}, renamed(self.advice.policies, self.case, network.case)):
            choice = {**dict.fromkeys(network.menu, OPEN), **policies}
            compiled.program.column_upper = gate.upper(ungated, choice)
            outcome = Highs(compiled.program).solve()
            if outcome.solution is None:
                raise ArithmeticError(f"the response to {choice} ended with {outcome.termination!r}")
            values = np.where(places >= 0, outcome.solution[places], np.nan)
            found.append((float(cost @ outcome.solution), values))
        return found

    def _kindness(self, network: Network, compiled: Compiled, block: Any) -> np.ndarray:
        """Return what a unit of every variable of the response is worth to us (model.md section 5)."""
        worth = network.worth("ours")
        solve_limits = margin_terms(network, block)
        for (site, item, _), fill in block.fill.items():
            gain = sum(
                lane.base_flow * worth[lane.destination, lane.item]
                for lane in network.outbound.get((site, item), ())
                if network.side[lane.destination] == "ours"
            )
            solve_limits.append((gain, fill))
        return np.asarray(compiled.linear_map([solve_limits]).todense()).ravel()

    def _ours(self, network: Network) -> OperationsSolver:
        return OperationsSolver(LeaderProblem(network, [NONE, self.advice.package], limited=False))

    def leverage(self, case: Case, touched: set[str]) -> float:
        """Return the leverage of the advice in a case whose programs differ on the sides touched."""
        advice, network, policies = self.advice, self._network(case), renamed(self.advice.policies, self.case, case)
        responses = self._respond(network) if COUNTERPART in touched else self._responses
        operations_solver = self._ours(network) if OURS in touched else self._operator
        first = FirstStage(
            dict.fromkeys(advice.qualified, True),
            {tuple(key.split("/", 1)): amount for key, amount in advice.stockpile.items()},  # type: ignore[misc]
        )
        leader_problem = operations_solver.leader_problem
        places = leader_problem.compiled.columns(response_variables(leader_problem.model.response))
        operations = []
        for (_, values), stage in zip(responses, (FirstStage({}, {}), first), strict=True):
            placed = np.zeros_like(leader_problem.program.cost)
            there = (places >= 0) & ~np.isnan(values)
            placed[places[there]] = values[there]
            operations.append(operations_solver.run(placed, stage, policies))
        before, after = operations
        admin = math.fsum(
            row.admin_cost for row in case.policies if policies.get(row.regime, "").partition("@")[0] == row.policy
        )
        loss = responses[1][0] - responses[0][0]
        losses = leverage_by_package(network, after, loss, before.own_cost[NONE], admin)
        counterpart, own = losses[advice.package]
        return counterpart - own


def recompute(name: str = CASE) -> None:
    """Move every assumption of a case to both ends, search anew where it matters most, and store the table."""
    case, table = load_case(name), table_of(name)
    plan = solve(case)
    assert plan.leverage is not None and plan.worst_package is not None
    advice = Advice(plan.policies, plan.qualified, plan.stockpile, plan.worst_package, plan.leverage)
    fixed = _with_advice_fixed(case, advice)
    fixed.to_csv(table, **_AS_STORED)
    if SOLVED_AGAIN[name]:
        for searched in _searched_anew(case, advice, fixed, SOLVED_AGAIN[name]):
            searched.to_csv(table, **_AS_STORED)
    table.with_suffix(".sha256").write_text(fingerprint(name) + "\n", encoding="utf-8")


def table_of(name: str) -> Path:
    """Return where the table of a case is stored; its mark lies beside it."""
    return FOLDER / f"{name}-assumptions.csv"


_AS_STORED: dict[str, Any] = {"index": False, "float_format": "%.6g", "lineterminator": "\n"}


def _with_advice_fixed(case: Case, advice: Advice) -> pd.DataFrame:
    rows = []
    found = assumptions(case)
    solver = AdviceSolver(case, advice)
    base = solver.leverage(case, set())
    for place, assumption in enumerate(found):
        far = span(assumption)
        ends = {}
        for end, by in (("low", far.low), ("high", far.high)):
            # Limits and outages leave the yield of a given plan as it is.
            ends[end] = (
                base
                if assumption.limiting
                else solver.leverage(moved(case, assumption, far.kind, by), sides(case, assumption))
            )
        rows.append(
            {
                "table": assumption.table,
                "column": assumption.column,
                "keys": " ".join(assumption.keys),
                "note": assumption.note,
                "low": ends["low"],
                "high": ends["high"],
            }
        )
        print(
            f"{place + 1} of {len(found)}: {assumption.table} {assumption.column} {ends}", file=sys.stderr, flush=True
        )
    frame = pd.DataFrame(rows)
    frame["base"] = base
    frame["swing"] = frame[["low", "high"]].sub(base).abs().max(axis=1)
    frame = frame.sort_values("swing", ascending=False, kind="stable").reset_index(drop=True)
    for end in ("low", "high"):
        frame[f"best_{end}"] = float("nan")
        frame[f"change_{end}"] = ""
    return frame


def _searched_anew(case: Case, advice: Advice, frame: pd.DataFrame, widest: int) -> Iterator[pd.DataFrame]:
    """Yield the table with one more best plan each time: the widest swings first, then what acts on limits alone."""
    by_key = {(entry.table, entry.column, entry.note): entry for entry in assumptions(case)}
    for place, row in frame.iterrows():
        column = (row["table"], row["column"])
        assumption = by_key[(*column, row["note"])]
        far = span(assumption)
        for end in TIGHTER.get(column, ("low", "high") if int(place) < widest else ()):
            plan = solve(moved(case, assumption, far.kind, far.low if end == "low" else far.high))
            frame.loc[place, f"best_{end}"] = plan.leverage
            frame.loc[place, f"change_{end}"] = (
                "no plan keeps the limits"
                if plan.leverage is None
                else _difference(advice, plan.policies, plan.qualified)
            )
            print(f"{'.'.join(column)} {end}: {plan.status} {plan.leverage}", file=sys.stderr, flush=True)
            yield frame


def _difference(advice: Advice, policies: Mapping[str, str], qualified: tuple[str, ...]) -> str:
    parts = [
        f"{regime}: {policy} instead of {advice.policies[regime]}"
        for regime, policy in policies.items()
        if policy != advice.policies[regime]
    ]
    parts += [f"{lane} qualified" for lane in qualified if lane not in advice.qualified]
    parts += [f"{lane} not qualified" for lane in advice.qualified if lane not in qualified]
    return "; ".join(parts) or "none"


_SAID = ("uncertainties", "worlds")
"""Tables that say how sure figures are, and change none."""


def fingerprint(name: str = CASE) -> str:
    """Return what the stored table of a case hangs on: its tables, the ranges it uses and how many were searched anew."""
    case = load_case(name)
    # What a row does not state plays no part, so that a new column with its default leaves the mark as it is.
    tables = {
        table: [row.model_dump(mode="json", exclude_unset=True) for row in case.rows(table)]
        for table in TABLES
        if table not in _SAID
    }
    rules = case.settings.model_dump(mode="json", exclude_unset=True)
    # Of plans for many worlds alone.
    rules.get("objective", {}).pop("continuity_share", None)
    far, used = ranges(), {(entry.table, entry.column) for entry in assumptions(case)}
    parts = [
        {table: rows for table, rows in tables.items() if rows},
        rules,
        far[far.index.isin(used)].to_csv(),
        SOLVED_AGAIN[name],
        str(TIGHTER),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def stored(name: str = CASE) -> pd.DataFrame:
    """Return the stored table of a case, widest swing first.

    Raises
    ------
    ValueError
        Where it belongs to another case or other ranges than those here.
    """
    table = table_of(name)
    mark = table.with_suffix(".sha256")
    if not mark.is_file() or mark.read_text(encoding="utf-8").strip() != fingerprint(name):
        raise ValueError(
            f"the table of assumptions of {name} belongs to other figures: run `python -m tools.evidence assumptions`"
        )
    return pd.read_csv(table, keep_default_na=False, na_values={column: [""] for column in _NUMBERS})


_NUMBERS = ("low", "high", "base", "swing", "best_low", "best_high")
