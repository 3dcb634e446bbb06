"""Plans under common worlds: what each yields in the same draws, and in how many it is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...data import CaseError, Fault
from ...model.plan.choices import Choices
from ...model.plan.tolerances import WORLD_TIE
from ..figures.factors import DesignError
from ..figures.figure import find_figure
from ..information.evaluated import Evaluated, evaluate_in
from ..information.measures import conditional_value_at_risk
from ..worlds import draw
from .common import common_sense

if TYPE_CHECKING:
    from ...data import Case
    from ...model import Plan
    from ...model.plan.monitor import Monitor
    from ...model.plan.sense import Sense
    from ..worlds import Worlds


def common_worlds(
    plans: Mapping[str, Plan], worlds: int, seed: int = 0, *, processes: int = 1, monitor: Monitor | None = None
) -> pd.DataFrame:
    """Work plans out in the same worlds, each by its own case.

    Worlds are drawn from the uncertain figures of the first plan's case; every plan's case is set to them.

    Parameters
    ----------
    plans
        Plans by letter; those without a leverage are left out.
    worlds, seed
        How many worlds are drawn, and the seed.
    processes, monitor
        As of `evaluate_in`.

    Returns
    -------
    pandas.DataFrame
        A row a plan: ``plan``, its letter; ``worlds`` worked out; ``mean``, ``cvar`` (mean of the worst tenth) and ``worst`` of
        leverage, or of cost where that is the sense, money; ``share_negative`` (not of cost), ``share_kept``, ``share_best``:
        shares of the worlds in which leverage is below 0, all limits are kept, and no other plan is better.

    Raises
    ------
    DesignError
        Where the first case has no uncertain figure.
        Where another does not have one of those that are drawn.
    """
    there = {letter: plan for letter, plan in plans.items() if plan.leverage is not None}
    if not there:
        return pd.DataFrame()
    drawn = draw(next(iter(there.values())).case, worlds, seed)
    _refuse_others(there, drawn)
    found = [
        evaluate_in(plan.case, drawn, [Choices.of(plan)], processes=processes, monitor=monitor)
        for plan in there.values()
    ]
    return _table(list(there), _shared(found), common_sense(plan.case for plan in there.values()))


def _refuse_others(plans: Mapping[str, Plan], drawn: Worlds) -> None:
    """Refuse cases that have other figures than those that are drawn from the first one."""
    first, *others = plans
    faults = []
    for letter in others:
        lacking = [path for path in drawn.figures if not _has(plans[letter].case, path)]
        if lacking:
            more = f" and {len(lacking) - 1} others" if len(lacking) > 1 else ""
            faults.append(
                Fault(
                    "--worlds",
                    f"{letter} has not the uncertain figures of {first}: {lacking[0]}{more}; compare plans of one case in worlds, "
                    "or leave --worlds out",
                )
            )
    if faults:
        raise DesignError(faults)


def _has(case: Case, path: str) -> bool:
    try:
        find_figure(case, path)
    except (CaseError, ValueError):
        return False
    return True


def _shared(found: Sequence[Evaluated]) -> tuple[np.ndarray, np.ndarray]:
    """Return leverages and limits kept, shape (worlds, plans), of the worlds in which all plans were worked out."""
    common = sorted(set.intersection(*(set(each.places.tolist()) for each in found)))
    rows = [np.searchsorted(each.places, common) for each in found]
    leverages = [each.leverages[row, 0] for each, row in zip(found, rows, strict=True)]
    kept = [each.kept[row, 0] for each, row in zip(found, rows, strict=True)]
    return np.column_stack(leverages), np.column_stack(kept)


def _table(letters: Sequence[str], shared: tuple[np.ndarray, np.ndarray], sense: Sense) -> pd.DataFrame:
    leverages, kept = shared
    many = len(leverages)
    most = leverages.max(axis=1, initial=-np.inf)
    best = leverages >= (most - WORLD_TIE * np.abs(most))[:, None]
    weights = np.full(many, 1 / max(many, 1))
    return pd.DataFrame(
        {
            "plan": letter,
            "worlds": many,
            "mean": sense.figure(float(leverages[:, place].mean())),
            "cvar": sense.figure(conditional_value_at_risk(leverages[:, place], weights)),
            "worst": sense.figure(float(leverages[:, place].min())),
            **({"share_negative": float((leverages[:, place] < 0).mean())} if sense.sign > 0 else {}),
            "share_kept": float(kept[:, place].mean()),
            "share_best": float(best[:, place].mean()),
        }
        for place, letter in enumerate(letters)
        if many
    )
