"""Random cases with a table of worlds: figures that differ by factors, weights, a world as it is."""

from __future__ import annotations

import random
from typing import Any

Drawn = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]


def with_worlds(drawn: Drawn, seed: int, worlds: int = 3) -> Drawn:
    """Return a case with a table of worlds; the same case and seed give the same table."""
    settings, tables = drawn
    dice = random.Random(seed)
    figures = list(_figures(tables))
    rows: list[dict[str, Any]] = []
    for number in range(worlds):
        weight = dice.choice([1, 2, 3])
        for path, low, high in dice.sample(figures, min(len(figures), dice.randint(1, 5))):
            value = f"*{round(dice.uniform(low, high), 3)}"
            rows.append({"world": f"w{number}", "weight": weight, "figure": path, "value": value})
    if dice.random() < 0.5:
        rows.append({"world": "as it is", "weight": 2})
    return settings, {**tables, "worlds": rows}


def _figures(tables: dict[str, list[dict[str, Any]]]) -> Any:
    """Paths of figures, and the least and greatest factor that leave the case sound."""
    for row in tables["lanes"]:
        lane = f"lanes.{row['lane']}"
        yield f"{lane}.unit_cost", 0.7, 1.4
        yield f"{lane}.max_flow", 1.0, 1.5
        if row.get("margin"):
            yield f"{lane}.margin", 0.6, 1.5
        if row.get("fixed_cost"):
            yield f"{lane}.fixed_cost", 0.3, 2.0
    for row in tables["demands"]:
        demand = f"demands.{row['site']}/{row['item']}"
        yield f"{demand}.quantity", 0.8, 1.3
        yield f"{demand}.shortage_penalty", 0.5, 1.5
    for row in tables["stocks"]:
        stock = f"stocks.{row['site']}/{row['item']}"
        if row.get("initial"):
            yield f"{stock}.initial", 0.3, 1.0
        if row.get("stockpile_max"):
            yield f"{stock}.stockpile_max", 0.5, 1.5
