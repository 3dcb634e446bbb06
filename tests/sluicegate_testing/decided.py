"""What a plan decides, week by week, as the oracle reads it: not all of it stands in the plan's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from sluicegate.model.certify import tables

from .oracle import Operations
from .oracle.rolling import Decisions

OURS = {
    "ship": "ship",
    "make": "make",
    "save": "save",
    "stock": "stock",
    "fill": "fill",
    "late": "late",
    "export_fill": "export_fill",
    "slack": "undelivered",
}
"""The oracle's kinds of decisions, and the package's."""


@contextmanager
def seen() -> Iterator[list[tuple[Operations, Mapping[str, float]]]]:
    """Keep the decisions of every plan whose settlements are worked out meanwhile, and its weights of scenarios."""
    found: list[tuple[Operations, Mapping[str, float]]] = []
    worked_out = tables.by_week_table

    def told(problem: Any, account: Any) -> Any:
        found.append((_operations(problem, account), dict(account.weights)))
        return worked_out(problem, account)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "by_week_table", told)
        yield found


def _operations(problem: Any, account: Any) -> Operations:
    readout, solution, network = account.operations.readout, account.operations.solution, problem.network
    unit = network.units.item
    units = {
        **{("ship", name): unit(lane.item) for name, lane in network.lanes.items()},
        **{("slack", name): unit(lane.item) for name, lane in network.lanes.items()},
        **{("make", row.process): unit(row.output) for row in network.case.processes},
    }

    def decisions(families: Mapping[str, Any], kinds: Mapping[str, str]) -> Decisions:
        found: Decisions = {}
        for kind, name in kinds.items():
            family = families[name]
            for (*key, week), figure in zip(family.keys, family.values(solution).tolist(), strict=True):
                head = key[0] if len(key) == 1 else tuple(key)
                each = unit(head[1]) if kind in ("stock", "late", "save") else units.get((kind, head), 1.0)
                found.setdefault(kind, {})[head, week] = figure * each
        return found

    theirs = decisions(readout.response, {kind: kind for kind in ("make", "save", "stock", "fill", "late")})
    moved = theirs["ship"] = {}
    for (lane, _, week), figure in zip(readout.response["ship"].keys, readout.dispatched(solution), strict=True):
        moved[lane, week] = moved.get((lane, week), 0.0) + float(figure) * units["ship", lane]
    return Operations(
        theirs,
        {name: decisions(families, OURS) for name, families in readout.ours.items()},
        {},
        [name for name, chosen in account.first.qualify.items() if chosen > 0.5],
        {pair: amount * unit(pair[1]) for pair, amount in account.first.stockpile.items()},
    )
