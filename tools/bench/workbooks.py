"""What a planner waits for when a plan becomes a workbook: 100,000 rows, as weekly figures and as rows of a sheet."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from sluicegate import Plan, load_case, solve
from sluicegate.data.schema.tables import Source
from sluicegate.report.files.workbook import write_workbook

ROWS = 100_000


def weekly(plan: Plan, rows: int) -> Plan:
    """The plan with so many rows of flows: 52 weeks of as many lanes as that takes."""
    lanes = pd.DataFrame({"lane": [f"lane-{number}" for number in range(-(-rows // 52))]})
    lanes = lanes.assign(side="ours", scenario="none", item="chip", origin="world", destination="home-makers")
    flows = lanes.merge(pd.DataFrame({"week": range(52)}), how="cross").head(rows)
    flows["dispatched"] = flows.index * 0.37
    return dataclasses.replace(plan, tables={**plan.tables, "flows": flows})


def sourced(plan: Plan, rows: int) -> Plan:
    """The plan with so many rows of sources."""
    sources = tuple(
        Source(table="lanes", key=f"lane-{row}", column="max_flow", value=str(row), source="report", confidence="high")
        for row in range(rows)
    )
    return dataclasses.replace(plan, case=dataclasses.replace(plan.case, sources=sources))


def seconds(plan: Plan, folder: str) -> float:
    began = time.perf_counter()
    write_workbook(plan, Path(folder) / "plan.xlsx", force=True)
    return time.perf_counter() - began


def openpyxl_seconds(frame: pd.DataFrame, folder: str) -> float:
    """The same weekly figures as rows, written by openpyxl in its fastest mode, nothing formatted."""
    began = time.perf_counter()
    book = Workbook(write_only=True)
    sheet = book.create_sheet("flows")
    for row in frame.itertuples(index=False, name=None):
        sheet.append(row)
    book.save(Path(folder) / "plain.xlsx")
    return time.perf_counter() - began


def measure() -> list[tuple[str, str]]:
    """Seconds for each, and the ratio to plain rows written by openpyxl."""
    plan = solve(load_case("tutorial"))
    flows = weekly(plan, ROWS)
    with tempfile.TemporaryDirectory() as folder:
        by_week, by_row = seconds(flows, folder), seconds(sourced(plan, ROWS), folder)
        plain = openpyxl_seconds(flows.tables["flows"], folder)
    return [
        (f"workbook with {ROWS:,} weekly figures (aim <= 10 s)", f"{by_week:.1f} s"),
        (f"workbook with a sheet of {ROWS:,} rows (aim <= 10 s)", f"{by_row:.1f} s"),
        (f"workbook of the weekly figures / {ROWS:,} plain rows by openpyxl", f"{by_week / plain:.2f} x"),
    ]
