"""What a sweep keeps of a plan: one flat row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...model.network import OPEN
from ...model.plan.choices import Choices, Offer
from ...model.plan.plan import bargain_of
from ...model.plan.sense import sense_of

if TYPE_CHECKING:
    from ...data import Case

LEFT_OUT = (
    "schema",
    "case",
    "solve",
    "range",
    "worlds",
    "policies",
    "qualified",
    "stockpile",
    "causes",
    "bargain",
    "violations",
    "warnings",
    "case_warnings",
)
"""Parts of ``plan.json`` that are no outcome, or are told in another way."""

SOLVED = "solved"
"""Column that says how a row came about."""

SHARED, CHECKED, ALONE, REPAIRED = "shared", "checked", "alone", "repaired"
"""By programs that samples share; so, and by a solve alone that agrees; by a solve alone, as there are no such programs; by one
after shared programs could not answer."""

FREE, FIXED = "free", "fixed"
MODES = {FREE: (FREE,), FIXED: (FIXED,), "both": (FREE, FIXED)}

POLICY, QUALIFIED, STOCKPILE = "policy.", "qualified.", "stockpile."
"""What the columns of first-stage choices begin with; a regime, a lane or ``site/item`` follows."""

ALL_OPEN = "all open"
"""The column ``policies`` where no regime of ours has a policy, or there is none."""

Row = dict[str, Any]


def outcome(plan: Mapping[str, Any], case: Case) -> Row:
    """Return the outcomes of a plan, without inputs and seconds.

    Parameters
    ----------
    plan
        ``plan.json``, or figures of a plan by its names.
    case
        The case it is a plan of.

    Returns
    -------
    dict
        Every number of the plan by its path, dots between; a number the plan does not have is left out. ``policy.REGIME``,
        ``qualified.LANE`` (1 or 0), ``stockpile.SITE/ITEM``, ``worst_package`` and ``policies``, the policies other than
        ``open`` in one text. Of a case with ``[bargain]`` ``bargain.settlement``, ``.credible`` and ``.gives_way`` (1 or 0).
    """
    row: Row = {"status": plan["status"], "message": "; ".join(plan["violations"]) or None}
    for name, value in plan.items():
        if name not in LEFT_OUT and name not in row:
            row.update(_numbers(name, value))
    if plan[sense_of(case).outcome] is None:
        return row
    # Not the week in which a threat is spent, which takes as many solves as there are weeks.
    stake = bargain_of(case, plan.get("leverage"), plan.get("counterpart_loss"), plan.get("own_loss"))
    row.update(_numbers("bargain", stake or {}))
    chosen, offer = Choices.of(plan), Offer.of(case)
    row |= {f"{POLICY}{regime}": policy for regime, policy in chosen.policies.items()}
    row["policies"] = policies_text(chosen.policies)
    row |= {f"{QUALIFIED}{lane}": float(lane in chosen.qualified) for lane in offer.lanes}
    return row | {f"{STOCKPILE}{pair}": chosen.stockpile.get(pair, 0.0) for pair in offer.most}


def policies_text(policies: Mapping[str, str]) -> str:
    """Return the policies other than ``open`` in one text."""
    return ", ".join(f"{regime}={policy}" for regime, policy in policies.items() if policy != OPEN) or ALL_OPEN


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
