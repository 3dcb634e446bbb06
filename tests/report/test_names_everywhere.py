"""No kind of page, text or sheet shows an id where there is a name, nor a policy or scenario as ``id@week``."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from rich.console import Console
from sluicegate import (
    Case,
    Plan,
    breakeven,
    evaluate,
    explain,
    frontier,
    indices,
    make_design,
    solve,
    sweep,
    with_reasons,
)
from sluicegate.analysis.compare.compare import compare
from sluicegate.analysis.sweep.read import read_sweep
from sluicegate.analysis.worlds import solve as solve_worlds
from sluicegate.data.schema.tables import TABLES
from sluicegate.report.files.workbook import write_workbook
from sluicegate.report.page.page import page_of, read_results
from sluicegate.report.text.breakeven import show_breakeven
from sluicegate.report.text.compare import show_comparison
from sluicegate.report.text.explain import show_explanation
from sluicegate.report.text.frontier import show_frontier
from sluicegate.report.text.indices import print_indices
from sluicegate.report.text.plan import show_plan
from sluicegate.report.text.sweep import show_sweep

from sluicegate_testing.results import frontier_folder, publish
from sluicegate_testing.tokens import PATH, TOKEN, tokens

VARIANT = re.compile(r"\w@\d")
"""How ids of policies with an end and of outages with a start are written."""

IDS = {"Decisions": {"Decision"}, "Policies of the plan": {"Regime"}, "Sourcing": {"Id"}, "Scenarios": {"Id"}}
"""Columns of a workbook that hold ids beside names."""


@cache
def case() -> Case:
    return tokens()


@cache
def plan() -> Plan:
    return with_reasons(solve(case()))


@cache
def broken() -> Plan:
    """Choices that break limits in every scenario."""
    return evaluate(case(), {"zq-regime-1": "strict"})


def told(show: Callable[..., None], result: Any) -> str:
    console = Console(width=300, file=io.StringIO())
    show(result, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def page(*folders: Path) -> str:
    text = page_of(read_results([str(folder) for folder in folders]))
    text = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", text))


def swept(folder: Path, kind: str, second: str, **options: Any) -> Path:
    sweep(case(), make_design(case(), kind, ["limits.budget=5..40", second], **options), policies="both", folder=folder)
    return folder


def named(text: str) -> None:
    """Assert that a text says names and no ids."""
    lines = [PATH.sub("", line) for line in text.splitlines()]
    assert [line.strip() for line in lines if TOKEN.search(line) or VARIANT.search(line)] == []
    assert "No. " in text


def test_a_plan(tmp_path: Path) -> None:
    named(told(show_plan, plan()))
    found = page(publish(case(), plan(), tmp_path))
    named(found)
    assert "Item No. 3 from Site No. 4" in found, "a lane is called by what it carries and from where"


def test_limits_that_are_broken(tmp_path: Path) -> None:
    assert len(broken().violations) > 2 and "“Contingency No. 1, from week 2”" in " ".join(broken().violations)
    named(told(show_plan, broken()))
    named(page(publish(case(), broken(), tmp_path)))


def test_a_plan_for_many_worlds(tmp_path: Path) -> None:
    found = solve_worlds(case(), worlds=3)
    named(told(show_plan, found))
    named(page(publish(case(), found, tmp_path)))


def test_a_comparison(tmp_path: Path) -> None:
    named(page(publish(case(), broken(), tmp_path / "a"), publish(case(), plan(), tmp_path / "b")))
    named(told(show_comparison, compare([broken(), plan()])))


def test_a_frontier(tmp_path: Path) -> None:
    named(page(frontier_folder(case(), tmp_path)))
    named(told(show_frontier, frontier(case(), "budget", points=3)))


@pytest.mark.parametrize(
    "kind, second, options",
    [
        ("lhs", "demands.zq-site-2/zq-item-3.min_fill=0.5..0.95", {"samples": 6, "seed": 1}),
        ("grid", "lanes.zq-lane-3.unit_cost=5..30", {"levels": 2}),
        ("oat", "lanes.zq-lane-3.unit_cost=5..30", {}),
    ],
)
def test_a_sweep(tmp_path: Path, kind: str, second: str, options: dict[str, Any]) -> None:
    folder = swept(tmp_path, kind, second, **options)
    named(page(folder))
    named(told(show_sweep, read_sweep(folder)))


def test_what_is_on_the_terminal_alone() -> None:
    named(told(show_breakeven, breakeven(case(), "limits.budget", low=5, high=40)))
    named(told(show_explanation, explain(case())))
    named(told(print_indices, indices(case())))


def test_why_there_is_no_plan() -> None:
    limits = case().settings.limits.model_copy(update={"budget": 1.0})
    demands = tuple(row.model_copy(update={"min_fill": 0.99}) if row.min_fill else row for row in case().demands)
    hard = replace(case(), settings=case().settings.model_copy(update={"limits": limits}), demands=demands)
    named(told(show_explanation, explain(hard)))
    named(told(show_plan, solve(hard)))


def test_a_workbook_has_names_and_ids_in_columns_of_their_own(tmp_path: Path) -> None:
    write_workbook(plan(), tmp_path / "plan.xlsx")
    for sheet in load_workbook(tmp_path / "plan.xlsx"):
        if sheet.title in TABLES:
            continue
        heads: dict[int, str] = {}
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value in IDS.get(sheet.title, ()):
                    heads[cell.column] = str(cell.value)
                elif isinstance(cell.value, str) and TOKEN.search(PATH.sub("", cell.value)):
                    assert cell.column in heads or cell.column_letter >= "N", f"{sheet.title} {cell.coordinate}"
