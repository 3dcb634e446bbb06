"""Purchases of any size from a seed: sources to qualify by the hundred, outages that they insure against."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from typing import Any

import numpy as np
from sluicegate import Case, case_from_tables, solve
from sluicegate.model.leader import fixed_policy
from sluicegate.model.methods import engine
from sluicegate.model.plan.monitor import Monitor

Row = dict[str, Any]

OUTAGES = 5
"""Outages, each a scenario beside ``none``: 6 scenarios in all."""

GAP = 0.001
"""Relative gap at which a solve ends."""

SIZES = {40: 120.0, 120: 400.0, 400: 1800.0}
"""Processor seconds that a solve may take, by the number of qualifications."""

METHODS = {"HiGHS's branch and cut": 0, "our branch and bound": sys.maxsize, "auto": None}
"""Free binaries up to which our own branch and bound is taken; None: as the program chooses."""


def buyers_case(qualifications: int, weeks: int = 52, seed: int = 1) -> Case:
    """Return a buyer with so many qualifications to choose from, five outages and nobody to press.

    A quarter as many items as qualifications, each with a source that runs today and fails in one of the outages; every
    qualification opens one to three lanes. In every scenario nine tenths of every demand are served.
    """
    dice = np.random.default_rng(seed)
    count = max(2, qualifications // 4)
    tables: dict[str, list[Row]] = {
        "parties": [
            {"party": "us", "role": "focal"},
            *({"party": f"country{number}", "role": "other"} for number in range(8)),
        ],
        "sites": [
            {"site": "plant", "party": "us"},
            *({"site": f"source{number}", "party": f"country{number % 8}"} for number in range(24)),
        ],
        "items": [],
        "lanes": [],
        "qualifications": [],
        "demands": [],
        "stocks": [],
        "contingencies": [],
    }
    for number in range(count):
        need, price = float(dice.uniform(5, 50)), float(dice.uniform(1, 20))
        item = f"item{number}"
        tables["items"].append({"item": item, "holding_cost": round(price * 0.15 / 52, 5), "max_party_share": 0.8})
        tables["demands"].append(
            {"site": "plant", "item": item, "quantity": need, "shortage_penalty": 4 * price, "min_fill": 0.9}
        )
        tables["stocks"].append({"site": "plant", "item": item, "initial": 2 * need, "stockpile_max": 6 * need})
        for place, share in enumerate((0.75, 0.25)):
            lane = {"lane": f"{item}-today{place}", "item": item, "origin": f"source{(3 * number + place) % 24}"}
            cost = round(price * (1 + 0.1 * place), 3)
            flows = {"base_flow": share * need, "max_flow": 1.2 * share * need, "unit_cost": cost, "lead_weeks": 4}
            tables["lanes"].append({**lane, "destination": "plant", **flows})
        outage = f"outage{number % OUTAGES}"
        tables["contingencies"].append(
            {
                "contingency": outage,
                "lane": f"{item}-today0",
                "from_week": 6 * (number % OUTAGES + 1),
                "duration_weeks": 16,
                "availability": 0.0,
            }
        )
    for number in range(qualifications):
        name = f"audit{number}"
        opened = dice.choice(count, size=min(count, int(dice.integers(1, 4))), replace=False)
        weekly = 0.0
        for place in opened.tolist():
            row, need = tables["items"][place], tables["demands"][place]["quantity"]
            price = tables["demands"][place]["shortage_penalty"] / 4
            most = float(dice.uniform(0.3, 0.8)) * need
            weekly += most * price
            tables["lanes"].append(
                {
                    "lane": f"{row['item']}-{name}",
                    "item": row["item"],
                    "origin": f"source{int(dice.integers(24))}",
                    "destination": "plant",
                    "lead_weeks": int(dice.integers(2, 9)),
                    "unit_cost": round(price * float(dice.uniform(0.9, 1.3)), 3),
                    "max_flow": most,
                    "available_week": 2,
                    "qualification": name,
                }
            )
        weeks_taken = int(dice.integers(2, 9))
        cost = round(weekly * float(dice.uniform(0.2, 1.5)), 2)
        tables["qualifications"].append({"qualification": name, "fixed_cost": cost, "weeks": weeks_taken})
    settings = {"horizon": {"weeks": weeks}, "objective": {"scenario": "none"}}
    return case_from_tables(f"buyers-{qualifications}", settings, tables)


class Limit(Monitor):
    """Stops a solve after some processor time."""

    def __init__(self, seconds: float):
        self.seconds = seconds

    def stop(self) -> bool:
        return time.process_time() > self.seconds


def one(qualifications: int, method: str) -> dict[str, Any]:
    """Solve a case by a method, in this process."""
    few = METHODS[method]
    if few is not None:
        for module in (fixed_policy, engine):
            module.few = lambda _: few
    case = buyers_case(qualifications)
    limit = SIZES.get(qualifications, min(SIZES.values()))
    plan = solve(case, rel_gap=GAP, time_limit=math.inf, monitor=Limit(limit))
    return {"cost": plan.cost, "bound": None if plan.bound is None else -plan.bound, "gap": plan.gap}


def shown(answer: dict[str, Any]) -> str:
    """What was proven, after how many processor seconds, in how much memory."""
    used = f"{answer['seconds']:,.0f} s of processor time, {answer['memory']:.2f} GB"
    if answer["cost"] is None:
        return f"no plan after {used}"
    gap = "nothing proven" if answer["gap"] is None else f"gap {answer['gap']:.3%}"
    return f"cost {answer['cost']:,.1f}, {gap}, {used}"


def measure(only: list[str]) -> list[tuple[str, str]]:
    """Every size by every method, or those named (``40``, ``40/auto``), each in a process of its own."""
    rows = []
    for entry in only or [f"{size}/{method}" for size in SIZES for method in METHODS]:
        size, _, named = entry.partition("/")
        for method in [named] if named else list(METHODS):
            command = [sys.executable, "-m", "tools.bench.buyers", size, method]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            told = process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            if status:
                raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
            cost = {"seconds": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1e6}
            rows.append(
                (f"{size} qualifications, 6 scenarios x 52 weeks, to 0.1%: {method}", shown(json.loads(told) | cost))
            )
            print("| " + " | ".join(rows[-1]) + " |", file=sys.stderr, flush=True)
    return rows


if __name__ == "__main__":
    print(json.dumps(one(int(sys.argv[1]), sys.argv[2])))
