"""Explanations against the oracle, and against cases worked out by hand."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import oracle as by_hand
import pytest
from sluicegate import case_from_tables
from sluicegate.analysis.conflict import Conflict, find_conflict
from sluicegate.analysis.elastic import Elastic
from sluicegate.analysis.limits import Limit
from sluicegate.model.problem import Problem
from strategies import random_case

Row = dict[str, Any]
SEEDS = range(int(os.environ.get("SLUICEGATE_SEEDS", "30")))


# The oracle with some of the limits ----------------------------------------------------------------------------------


@contextmanager
def only(limits: Collection[Limit]) -> Iterator[None]:
    """Let the oracle's plans keep these fills and shares and no others."""
    mean = {(limit.figure.key, limit.scenario) for limit in limits if limit.figure.kind == "min_fill"}
    weekly = {(limit.figure.key, limit.scenario) for limit in limits if limit.figure.kind == "min_fill_week"}
    shares = {(limit.figure.key[0], limit.party) for limit in limits if limit.figure.kind == "max_party_share"}
    scenario_of: dict[int, str] = {}
    add_ours, continuity, spread = by_hand.add_ours, by_hand.require_continuity, by_hand.require_spread

    def remembered(program: Any, case: Any, response: Any, policies: Any, scenario: Any, first: Any) -> Any:
        chain = add_ours(program, case, response, policies, scenario, first)
        scenario_of[id(chain)] = scenario.name
        return chain

    def some_continuity(program: Any, case: Any, chain: Any) -> None:
        name, part = scenario_of[id(chain)], copy.copy(case)
        part.demands = {
            pair: {
                **row,
                "min_fill": row.get("min_fill") if (pair, name) in mean else None,
                "min_fill_week": row.get("min_fill_week") if (pair, name) in weekly else None,
            }
            for pair, row in case.demands.items()
        }
        continuity(program, part, chain)

    def some_spread(program: Any, case: Any, chain: Any) -> None:
        for item, share in case.max_share.items():
            foreign = [lane for lane in case.inbound("H") if lane.item == item and case.side[lane.origin] != "H"]
            made = [j for j in case.processes if j.output == item and case.side[j.site] == "H"]
            for party in {case.party[lane.origin] for lane in foreign}:
                if share < 1 and (item, party) in shares:
                    row = by_hand.Affine()
                    for t in range(case.T):
                        for lane in foreign:
                            row.add(share - (case.party[lane.origin] == party), chain.ship[lane.id, t])
                        for j in made:
                            row.add(share, chain.make[j.id, t])
                    program.nonnegative(row)

    by_hand.add_ours, by_hand.require_continuity, by_hand.require_spread = remembered, some_continuity, some_spread
    try:
        yield
    finally:
        by_hand.add_ours, by_hand.require_continuity, by_hand.require_spread = add_ours, continuity, spread


def some_plan(settings: Row, tables: dict[str, list[Row]], limits: Collection[Limit]) -> bool:
    """Whether some plan keeps these limits, as far as the oracle knows."""
    kinds = {limit.figure.kind for limit in limits}
    kept = {name: most for name, most in (settings.get("limits") or {}).items() if name in kinds}
    case = by_hand.Case({**settings, "limits": kept}, tables)
    least_open = by_hand._response_lp(case, {}).value
    with only(limits):
        for policies in by_hand._combinations(case):
            least = by_hand._response_lp(case, policies).value
            if by_hand._best_for(case, policies, least, least_open, 0.0, by_hand.SLACK)[0] is not None:
                return True
    return False


def tightened(seed: int) -> tuple[Row, dict[str, list[Row]]]:
    """A random case whose limits are hard to keep together."""
    settings, tables = random_case(seed, max_regimes=2, max_weeks=6, max_combinations=12)
    ours = {row["party"] for row in tables["parties"] if row["role"] in ("focal", "ally")}
    sites = {row["site"] for row in tables["sites"] if row["party"] in ours}
    dice = seed % 7
    for row in tables["demands"]:
        if row["site"] in sites:
            row["min_fill"] = (0.9, 0.95, 1.0, 0.8)[dice % 4]
            if dice in (1, 5):
                row["min_fill_week"] = 0.6
    if dice in (2, 3, 6):
        for row in tables["items"]:
            row["max_party_share"] = (0.3, 0.5)[dice % 2]
    limits = dict(settings.get("limits") or {})
    limits["budget"] = (0.0, 2.0, 5.0)[dice % 3]
    return {**settings, "limits": limits}, tables


def conflict_of(settings: Row, tables: dict[str, list[Row]]) -> tuple[Conflict | None, Elastic]:
    elastic = Elastic(Problem(case_from_tables("random", settings, tables)))
    try:
        return find_conflict(elastic), elastic
    finally:
        elastic.close()


def with_figure(
    settings: Row, tables: dict[str, list[Row]], path: str, value: float
) -> tuple[Row, dict[str, list[Row]]]:
    table, *key, column = path.split(".")
    if table == "limits":
        return {**settings, "limits": {**settings["limits"], column: value}}, tables
    tables = copy.deepcopy(tables)
    for row in tables[table]:
        name = f"{row['site']}/{row['item']}" if table == "demands" else row["item"]
        if name == ".".join(key):
            row[column] = value
    return settings, tables


@pytest.mark.parametrize("seed", SEEDS)
def test_against_the_oracle(seed: int) -> None:
    settings, tables = tightened(seed)
    conflict, elastic = conflict_of(settings, tables)
    if conflict is None:
        assert some_plan(settings, tables, elastic.limits)
        return
    found = list(conflict.limits)
    assert not some_plan(settings, tables, found)
    for limit in found:
        assert some_plan(settings, tables, [other for other in found if other != limit]), limit.words

    for change in conflict.alone:
        figure = change.figure
        if change.value is None:
            extreme = {"min_fill": 0.0, "min_fill_week": 0.0, "max_party_share": 1.0}.get(figure.kind, 1e9)
            assert not some_plan(*with_figure(settings, tables, figure.path, extreme), elastic.limits)
            continue
        step = 1e-4 * max(1.0, figure.limit) * (-1 if figure.least else 1)
        enough, short = change.value + step, change.value - step
        if figure.kind in ("reviewer_hours", "political_capital") or not figure.least:
            enough = min(enough, 1.0) if figure.kind == "max_party_share" else enough
        assert some_plan(*with_figure(settings, tables, figure.path, max(0.0, enough)), elastic.limits), figure.path
        assert not some_plan(*with_figure(settings, tables, figure.path, short), elastic.limits), figure.path

    eased = (settings, tables)
    for change in conflict.joint:
        assert change.value is not None
        step = 1e-4 * max(1.0, change.figure.limit) * (-1 if change.figure.least else 1)
        eased = with_figure(*eased, change.figure.path, max(0.0, change.value + step))
    assert some_plan(*eased, elastic.limits)
    assert math.isfinite(conflict.joint_cost)
