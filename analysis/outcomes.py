"""What a sweep keeps of a plan: one flat row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..model.network import OPEN, Network

if TYPE_CHECKING:
    from ..data import Case

LEFT_OUT = ("schema", "case", "solve", "policies", "qualified", "stockpile", "violations", "warnings")
"""Parts of ``plan.json`` that are no outcome, or are told in another way."""

SOLVED = "solved"
"""Column that says how a row came about."""

SHARED, CHECKED, ALONE, REPAIRED = "shared", "checked", "alone", "repaired"
"""By programs that samples share; so, and by a solve alone that agrees; by a solve alone, as there are no such programs; by one
after shared programs could not answer."""

FREE, FIXED = "free", "fixed"
MODES = {FREE: (FREE,), FIXED: (FIXED,), "both": (FREE, FIXED)}

Row = dict[str, Any]


def outcome(plan: Mapping[str, Any], case: Case) -> Row:
    """Return the outcomes of a plan, without inputs and seconds.

    Parameters
    ----------
    plan
        ``plan.json``.
    case
        The case it is a plan of.

    Returns
    -------
    dict
        Every number of the plan by its path, dots between; a number the plan does not have is left out. ``policy.REGIME``,
        ``qualified.LANE`` (1 or 0), ``stockpile.SITE/ITEM``, ``worst_package`` and ``policies``, the policies other than
        ``open`` in one text.
    """
    row: Row = {"status": plan["status"], "message": "; ".join(plan["violations"]) or None}
    for name, value in plan.items():
        if name not in LEFT_OUT and name not in row:
            row.update(_numbers(name, value))
    if not plan["policies"]:
        return row
    network = Network(case)
    row |= {f"policy.{regime}": policy for regime, policy in plan["policies"].items()}
    closed = [f"{regime}={policy}" for regime, policy in plan["policies"].items() if policy != OPEN]
    row["policies"] = ", ".join(closed) or "all open"
    for lane in network.lanes_into("ours"):
        if lane.fixed_cost:
            row[f"qualified.{lane.lane}"] = float(lane.lane in plan["qualified"])
    for pair, stock in network.stocks.items():
        if network.side[pair[0]] == "ours" and stock.stockpile_max > 0:
            row["stockpile." + "/".join(pair)] = plan["stockpile"].get("/".join(pair), 0.0)
    return row


def _numbers(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _numbers(f"{name}.{key}", entry)
    elif isinstance(value, (list, tuple)):
        for place, entry in enumerate(value):
            yield from _numbers(f"{name}.{place}", entry)
    elif isinstance(value, str):
        yield name, value
    elif value is not None:
        yield name, float(value)
    else:
        yield name, None
