"""What each choice of a plan is for, world by world: what is lost without it, and where limits then break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...model.network import OPEN
from ...model.plan.choices import LANE, POLICY, STOCKPILE, Choices
from ...model.plan.tolerances import WORLD_TIE
from ..information.evaluated import evaluate_in
from ..information.measures import HIGH, LOW
from ..worlds import draw

if TYPE_CHECKING:
    from ...model import Plan
    from ...model.plan.monitor import Monitor


def by_worlds(
    plan: Plan, worlds: int, seed: int = 0, *, processes: int = 1, monitor: Monitor | None = None
) -> pd.DataFrame:
    """Take each choice out of a plan, the others kept, in worlds drawn from its case's uncertain figures.

    Parameters
    ----------
    plan
        A plan with a leverage.
    worlds, seed
        How many worlds are drawn, and the seed.
    processes, monitor
        As of `evaluate_in`.

    Returns
    -------
    pandas.DataFrame
        A row a choice, that of most worth first: ``kind`` (policy, qualified or stockpile), ``key``, ``choice``; ``worlds`` worked
        out; ``mean``, ``low``, ``high``: leverage lost without it, or cost added where that is the sense, on average and at 5 and
        95 % of the worlds, money; ``share_worth``: share of the worlds in which it is worth something; ``share_breaks``: share in
        which limits break without it that the plan keeps.

    Raises
    ------
    DesignError
        Where the case has no uncertain figure.
    """
    chosen = Choices.of(plan)
    without = list(_without(chosen))
    columns = ["kind", "key", "choice", "worlds", "mean", "low", "high", "share_worth", "share_breaks"]
    if not without:
        return pd.DataFrame(columns=columns)
    plans = [chosen, *(choices for *_, choices in without)]
    found = evaluate_in(plan.case, draw(plan.case, worlds, seed), plans, processes=processes, monitor=monitor)
    rows = []
    for place, (kind, key, choice, _) in enumerate(without, 1):
        lost = found.leverages[:, 0] - found.leverages[:, place]
        breaks = found.kept[:, 0] & ~found.kept[:, place]
        worth = lost > WORLD_TIE * np.abs(found.leverages[:, 0])
        low, high = np.quantile(lost, [LOW, HIGH]) if len(lost) else (np.nan, np.nan)
        shares = float(worth.mean()), float(breaks.mean())
        rows.append((kind, key, choice, len(found), float(lost.mean()), float(low), float(high), *shares))
    return pd.DataFrame(rows, columns=columns).sort_values("mean", ascending=False, kind="stable", ignore_index=True)


def _without(chosen: Choices) -> Iterator[tuple[str, str, str, Choices]]:
    """Yield kind, key and words of every choice, and the choices without it."""
    policies, qualified, stockpile = chosen.policies, chosen.qualified, chosen.stockpile
    for regime, policy in policies.items():
        if policy != OPEN:
            yield POLICY, regime, policy, Choices({**policies, regime: OPEN}, qualified, stockpile)
    for lane in qualified:
        rest = tuple(other for other in qualified if other != lane)
        yield LANE, lane, "qualified", Choices(policies, rest, stockpile)
    for pair, amount in stockpile.items():
        rest_bought = {other: units for other, units in stockpile.items() if other != pair}
        yield STOCKPILE, pair, f"{amount:.5g}", Choices(policies, qualified, rest_bought)
