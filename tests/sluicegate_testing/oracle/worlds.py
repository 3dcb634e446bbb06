"""One plan for many worlds, by brute force: for every combination one mixed-integer program that holds all worlds.

Policies, qualifications and stockpiles are chosen once; in every world the counterpart answers its own figures, and our operations
follow. Budget, hours and points hold in every world, continuity in every world in which any plan keeps it; in the others it lacks
as little as can be, weighed over these worlds, before all else. With a share continuity holds in that weight of worlds, whichever
are best, and need not in the others.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .case import INF, Case, Settings, Tables, number_of
from .follower import SLACK, solve_response
from .planner import own_costs_today, pose, solve_for
from .programs import Affine, Program

KEYS = {
    "stocks": ("site", "item"),
    "demands": ("site", "item"),
    "recipes": ("process", "input"),
    "policies": ("regime", "policy"),
    "retaliations": ("package", "regime"),
    "parties": ("party",),
    "items": ("item",),
    "lanes": ("lane",),
    "processes": ("process",),
    "qualifications": ("qualification",),
}


@dataclass(frozen=True)
class WorldsAnswer:
    """The best value of the criterion (of regret the least greatest), None without a plan, and that of every combination.

    Where cost is the sense leverage is minus the cost.

    ``alone`` is the best leverage of every world by itself; ``unkept`` are the worlds in which no plan keeps continuity.
    """

    value: float | None
    values: dict[tuple[str, ...], float | None]
    alone: dict[str, float]
    unkept: list[str]


def world_figures(settings: Settings, tables: Tables) -> dict[str, tuple[float, Settings, Tables]]:
    """Weight, settings and tables of every world of the table ``worlds``; weights add up to 1."""
    weight: dict[str, float] = {}
    figures: dict[str, list[tuple[str, str]]] = {}
    for row in tables["worlds"]:
        figures.setdefault(row["world"], [])
        if row.get("weight") not in (None, ""):
            weight[row["world"]] = float(row["weight"])
        if row.get("figure"):
            figures[row["world"]].append((row["figure"], str(row["value"])))
    total = sum(weight.get(name, 1.0) for name in figures)
    found = {}
    for name, changes in figures.items():
        moved: tuple[Settings, Tables] = (copy.deepcopy(dict(settings)), copy.deepcopy(dict(tables)))
        for path, value in changes:
            _set(*moved, path, value)
        found[name] = (weight.get(name, 1.0) / total, *moved)
    return found


def _set(settings: Settings, tables: Tables, path: str, value: str) -> None:
    head, rest = path.split(".", 1)
    if head not in KEYS:
        settings.setdefault(head, {})[rest] = _new(settings.get(head, {}).get(rest), value)
        return
    key, column = rest.rsplit(".", 1)
    for row in tables[head]:
        if "/".join(str(row[name]) for name in KEYS[head]) == key:
            row[column] = _new(row.get(column), value)


def _new(present: Any, value: str) -> Any:
    return float(present) * float(value[1:]) if value.startswith("*") else float(value)


@dataclass
class _World:
    name: str
    weight: float
    case: Case
    least_open: float
    own_open: float
    most: dict[Any, float]
    unkept: bool = False
    best: float = 0.0

    @property
    def level(self) -> float:
        """What a leverage of 0 counts as: where cost is the sense minus what is spent today, in this world."""
        return -self.own_open if self.case.cost else 0.0

    def least(self, policies: Mapping[str, str]) -> float:
        return solve_response(self.case, policies).value


def _combinations(case: Case) -> list[dict[str, str]]:
    menus = [list(case.policies[g]) for g in case.ours]
    return [dict(zip(case.ours, choice, strict=True)) for choice in itertools.product(*menus)]


LACK = 10.0
"""More than all fills of a small case can lack."""


def worlds_oracle(
    settings: Settings, tables: Tables, criterion: str, *, share: float | None = None, slack: float = SLACK
) -> WorldsAnswer:
    """The answer by enumeration.

    With ``share`` continuity is kept in at least that weight of worlds, chosen here by binaries.

    Criteria are ``mean``, ``cvar:a`` (the mean of the worst 1 - a of the weight), ``worst``, ``regret`` and
    ``mean+cvar:a:l`` ((1 - l) mean + l cvar:a).
    """
    worlds = []
    for name, (weight, *moved) in world_figures(settings, tables).items():
        case = Case(*moved)
        least_open = solve_response(case, {}).value
        most = {pair: number_of(row, "stockpile_max") for pair, row in case.stocks.items() if case.side[pair[0]] == "H"}
        worlds.append(_World(name, weight, case, least_open, own_costs_today(case, least_open, slack), most))
    combinations = _combinations(worlds[0].case)
    allowed = [policies for policies in combinations if all(world.case.allowed(policies) for world in worlds)]
    for world in worlds:
        own = [policies for policies in combinations if world.case.allowed(policies)]
        found = [
            solve_for(world.case, policies, world.least(policies), world.least_open, world.own_open, slack)
            for policies in own
        ]
        leverages = [solved.leverage for solved in found if solved is not None]
        world.unkept = not leverages
        if leverages:
            world.best = max(leverages) + world.level
        elif criterion == "regret":
            _, values = _answers([world], own, "mean", slack, None if share is None else 0.0)
            world.best = max(value for value in values.values() if value is not None)
    value, values = _answers(worlds, allowed, criterion, slack, share)
    unkept = [world.name for world in worlds if world.unkept]
    return WorldsAnswer(value, values, {world.name: world.best for world in worlds}, unkept)


def _answers(
    worlds: list[_World], allowed: list[dict[str, str]], criterion: str, slack: float, share: float | None
) -> tuple[float | None, dict[tuple[str, ...], float | None]]:
    posed = {tuple(policies.values()): _pose(worlds, policies, criterion, slack, share) for policies in allowed}
    lack = INF
    if share is None and any(world.unkept for world in worlds):
        for program, _, gaps in posed.values():
            x = program.minimise(gaps)
            lack = lack if x is None else min(lack, gaps.at(x))
    values: dict[tuple[str, ...], float | None] = {}
    for key, (program, score, gaps) in posed.items():
        if lack < INF:
            program.nonnegative(Affine(lack + 1e-7).plus(gaps, -1.0))
        x = program.minimise(Affine().plus(score, -1.0))
        value = None if x is None else score.at(x)
        values[key] = -value if value is not None and criterion == "regret" else value
    known = [value for value in values.values() if value is not None]
    if not known:
        return None, values
    return (min(known) if criterion == "regret" else max(known)), values


def _pose(
    worlds: list[_World], policies: dict[str, str], criterion: str, slack: float, share: float | None
) -> tuple[Program, Affine, Affine]:
    """A program with the plan of every world, the score to be maximised, and what continuity lacks, weighed."""
    program, all_gaps = Program(), Affine()
    values: list[Affine] = []
    qualify: dict[str, list[int]] = {}
    stockpile: dict[Any, list[int]] = {}
    without = Affine()
    for world in worlds:
        gaps = Affine() if world.unkept or share is not None else None
        parts = (policies, world.least(policies), world.least_open, world.own_open, slack)
        found = pose(program, world.case, *parts, gaps=gaps)
        if gaps is not None and share is not None:
            exempt = program.column(upper=1.0, lower=float(world.unkept), integer=True)
            without.add(world.weight, exempt)
            program.nonnegative(Affine().add(LACK, exempt).plus(gaps, -1.0))
        elif gaps is not None:
            all_gaps.plus(gaps, world.weight)
        values.append(Affine(world.level - (world.best if criterion == "regret" else 0.0)).add(1.0, found.z))
        for name, column in found.first.qualify.items():
            qualify.setdefault(name, []).append(column)
        for pair, column in found.first.stockpile.items():
            stockpile.setdefault(pair, []).append(column)
            program.upper[column] = INF
    for columns in qualify.values():
        _same(program, columns)
    for pair, columns in stockpile.items():
        _same(program, columns)
        program.upper[columns[0]] = min(world.most.get(pair, 0.0) for world in worlds)
    whole = sum(world.weight for world in worlds)
    if share is not None:
        program.nonnegative(Affine((1.0 - share) * whole + 1e-9).plus(without, -1.0))
    weights = [world.weight / whole for world in worlds]
    if criterion in ("worst", "regret"):
        return program, _least(program, values), all_gaps
    mean, tail, share = _parts(criterion)
    score = Affine()
    for weight, value in zip(weights, values, strict=True):
        score.plus(value, weight * mean)
    if share:
        score.plus(_cvar(program, values, weights, tail), share)
    return program, score, all_gaps


def _parts(criterion: str) -> tuple[float, float, float]:
    """Weight of the mean, a, and weight of CVaR."""
    if criterion == "mean":
        return 1.0, 0.0, 0.0
    name, *numbers = criterion.split(":")
    share = 1.0 if name == "cvar" else float(numbers[1])
    return 1.0 - share, float(numbers[0]), share


def _same(program: Program, columns: list[int]) -> None:
    for column in columns[1:]:
        program.nonnegative(Affine().add(1.0, columns[0]).add(-1.0, column))
        program.nonnegative(Affine().add(-1.0, columns[0]).add(1.0, column))


def _least(program: Program, values: list[Affine]) -> Affine:
    least = program.column(lower=-INF)
    for value in values:
        program.nonnegative(Affine().plus(value).add(-1.0, least))
    return Affine().add(1.0, least)


def _cvar(program: Program, values: list[Affine], weights: list[float], tail: float) -> Affine:
    eta = program.column(lower=-INF)
    found = Affine().add(1.0, eta)
    for value, weight in zip(values, weights, strict=True):
        below = program.column()
        program.nonnegative(Affine().plus(value).add(-1.0, eta).add(1.0, below))
        found.add(-weight / (1.0 - tail), below)
    return found
