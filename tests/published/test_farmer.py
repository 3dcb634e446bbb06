"""The farmer's problem of Birge & Louveaux (Introduction to Stochastic Programming, 2nd edition 2011, section 1.1) as a case.

500 acres are given to wheat, corn and sugar beets before the weather is known. Planting an acre costs 150, 230 and 260; it
yields 2.5, 3 and 20 T on average, a fifth more or less in a good or a bad year, all three as likely. Cattle need 200 T of wheat
and 240 T of corn, which can be bought at 238 and 210 a T; what is left sells at 170, 150, and, of beets, at 36 for the first
6,000 T and at 10 beyond.

As a case nobody is against us: acres are stockpiles bought here and now. All cost what the dearest crop does, so that the budget
is the land; what another crop costs less comes back with its harvest, as so much a tonne. A unit that is missing costs what it
is bought for, or not sold for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from sluicegate import case_from_tables, solve
from sluicegate.analysis.information import studied
from sluicegate.analysis.worlds import Worlds, solve_worlds
from sluicegate.data import Case

PLANTING = {"wheat": 150.0, "corn": 230.0, "beets": 260.0}
YIELD = {"wheat": 2.5, "corn": 3.0, "beets": 20.0}
SOLD = [
    ("cattle", "wheat", 200.0, 238.0),
    ("cattle", "corn", 240.0, 210.0),
    ("market", "wheat", 2000.0, 170.0),
    ("market", "corn", 2000.0, 150.0),
    ("quota", "beets", 6000.0, 36.0),
    ("market", "beets", 12000.0, 10.0),
]

LAND = 500 * max(PLANTING.values())

NOTHING_PLANTED = 200 * 238.0 + 240 * 210.0
"""What the farmer pays who plants nothing, against which leverage counts."""


def back(crop: str, factor: float) -> float:
    """What a tonne brings back of the dearest crop's planting, in a year of so many times the usual harvest."""
    return (max(PLANTING.values()) - PLANTING[crop]) / (YIELD[crop] * factor)


def farm() -> Case:
    lanes: list[dict[str, Any]] = [
        {
            "lane": f"{crop}-{site}",
            "item": crop,
            "origin": "farm",
            "destination": site,
            "unit_cost": 0,
            "max_flow": amount,
        }
        for site, crop, amount, _ in SOLD
    ]
    lanes.append(
        {"lane": "none", "item": "other", "origin": "farm", "destination": "away", "unit_cost": 1, "max_flow": 0}
    )
    demands = [
        {"site": site, "item": crop, "quantity": amount, "shortage_penalty": price + back(crop, 1.0)}
        for site, crop, amount, price in SOLD
    ]
    tables = {
        "parties": [{"party": "us", "role": "focal"}, {"party": "them", "role": "counterpart"}],
        "sites": [{"site": name, "party": "us"} for name in ("farm", "cattle", "market", "quota")]
        + [{"site": "away", "party": "them"}],
        "items": [{"item": name} for name in (*(f"acre-{crop}" for crop in PLANTING), *PLANTING, "other")],
        "stocks": [
            {"site": "farm", "item": f"acre-{crop}", "initial": 0, "terminal_target": 0, "terminal_price": 0}
            | {"stockpile_max": 500, "stockpile_cost": max(PLANTING.values())}
            for crop in PLANTING
        ],
        "processes": [
            {"process": f"grow-{crop}", "site": "farm", "output": crop, "capacity": 20000, "unit_cost": 0}
            for crop in PLANTING
        ],
        "recipes": [
            {"process": f"grow-{crop}", "input": f"acre-{crop}", "quantity": 1 / YIELD[crop]} for crop in PLANTING
        ],
        "lanes": lanes,
        "demands": [*demands, {"site": "away", "item": "other", "quantity": 1, "shortage_penalty": 1}],
    }
    settings = {"horizon": {"weeks": 1, "terminal_premium": 0.0}, "limits": {"budget": LAND}}
    return case_from_tables("farmer", settings, tables)


@pytest.fixture(scope="module")
def case() -> Case:
    return farm()


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    """Years with a fifth more, as much and a fifth less than usual."""
    years = {"good": 1.2, "usual": 1.0, "bad": 0.8}
    figures = {
        f"recipes.grow-{crop}/acre-{crop}.quantity": [1 / (YIELD[crop] * factor) for factor in years.values()]
        for crop in PLANTING
    }
    figures |= {
        f"demands.{site}/{crop}.shortage_penalty": [price + back(crop, factor) for factor in years.values()]
        for site, crop, _, price in SOLD
    }
    return Worlds(tuple(years), np.full(3, 1 / 3), pd.DataFrame(figures, index=list(years)))


def acres(stockpile: dict[str, float]) -> list[float]:
    return [stockpile.get(f"farm/acre-{crop}", 0.0) for crop in PLANTING]


def test_the_farmer_plants_what_is_printed(case: Case, worlds: Worlds) -> None:
    usual = solve(case)
    assert acres(usual.stockpile) == approx([120, 80, 300], abs=0.01)
    assert usual.leverage == approx(NOTHING_PLANTED + 118_600, abs=1)
    found = solve_worlds(case, worlds)
    assert acres(found.choices.stockpile) == approx([170, 80, 250], abs=0.01)
    assert found.value == approx(NOTHING_PLANTED + 108_390, abs=1)
    # What each year would allow by itself: 167,667, 118,600 and 59,950.
    assert found.best - NOTHING_PLANTED == approx([167_667, 118_600, 59_950], abs=1)


def test_evpi_and_vss_are_those_printed(case: Case, worlds: Worlds) -> None:
    block = studied(solve(case, worlds=worlds), worlds, solve(case)).worlds
    assert block["evpi"] == approx(7_016, abs=1)
    assert block["vss"] == approx(1_150, abs=1)
