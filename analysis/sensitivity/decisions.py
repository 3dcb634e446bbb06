"""First-stage choices as the rows of a sweep hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...model.network import OPEN
from ...model.plan.choices import Choices, Offer, same_amount
from ..sweep.outcomes import POLICY, QUALIFIED, STOCKPILE

if TYPE_CHECKING:
    from collections.abc import Iterable


def names_of(rows: pd.DataFrame, kind: str) -> list[str]:
    """Return the regimes, lanes or ``site/item`` that rows have a column of."""
    return [column.removeprefix(kind) for column in rows.columns if column.startswith(kind)]


def has_choices(rows: pd.DataFrame) -> bool:
    """Say whether rows hold any first-stage choice."""
    return any(names_of(rows, kind) for kind in (POLICY, QUALIFIED, STOCKPILE))


def choices_of(row: pd.Series) -> Choices:
    """Return the first-stage choices of one row."""
    policies, qualified, stockpile = {}, [], {}
    for column, value in row.items():
        name = str(column)
        if pd.isna(value):
            continue
        if name.startswith(POLICY):
            policies[name.removeprefix(POLICY)] = str(value)
        elif name.startswith(QUALIFIED) and value > 0.5:
            qualified.append(name.removeprefix(QUALIFIED))
        elif name.startswith(STOCKPILE) and value > 0:
            stockpile[name.removeprefix(STOCKPILE)] = float(value)
    return Choices(policies, tuple(qualified), stockpile)


def made(rows: pd.DataFrame, offer: Offer) -> pd.DataFrame:
    """Return what rows choose without the amounts: a column for each choice, as of `Choices.made`."""
    found: dict[str, Iterable[object]] = {}
    for regime in names_of(rows, POLICY):
        column = rows[f"{POLICY}{regime}"]
        found[f"{POLICY}{regime}"] = column.astype(object).where(column.notna(), OPEN)
    for lane in names_of(rows, QUALIFIED):
        found[f"{QUALIFIED}{lane}"] = amounts(rows, QUALIFIED, lane) > 0.5
    for pair in names_of(rows, STOCKPILE):
        found[f"{STOCKPILE}{pair}"] = stocked(rows, pair, offer)
    return pd.DataFrame(found, index=rows.index)


def stocked(rows: pd.DataFrame, pair: str, offer: Offer) -> np.ndarray:
    """Return which rows stockpile an item at all."""
    values, places = np.unique(amounts(rows, STOCKPILE, pair), return_inverse=True)
    return np.fromiter((offer.some(pair, amount) for amount in values), bool, len(values))[places]


def amounts(rows: pd.DataFrame, kind: str, name: str) -> np.ndarray:
    """Return a column of numbers, 0 where there is none, shape (rows,)."""
    column = f"{kind}{name}"
    if column not in rows:
        return np.zeros(len(rows))
    return rows[column].astype(float).fillna(0.0).to_numpy()


def matching(rows: pd.DataFrame, choices: Choices, offer: Offer) -> np.ndarray:
    """Return which rows advise the same as some choices, shape (rows,): see `Choices.same`.

    A regime that no row has a column of is left out of account.
    """
    same = np.ones(len(rows), dtype=bool)
    for regime in names_of(rows, POLICY):
        column = rows[f"{POLICY}{regime}"]
        same &= (column.where(column.notna(), OPEN) == choices.policies.get(regime, OPEN)).to_numpy()
    for lane in dict.fromkeys((*names_of(rows, QUALIFIED), *choices.qualified)):
        same &= (amounts(rows, QUALIFIED, lane) > 0.5) == (lane in choices.qualified)
    for pair in dict.fromkeys((*names_of(rows, STOCKPILE), *choices.stockpile)):
        chosen = choices.stockpile.get(pair, 0.0)
        values, places = np.unique(amounts(rows, STOCKPILE, pair), return_inverse=True)
        each = np.fromiter((same_amount(pair, value, chosen, offer) for value in values), bool, len(values))
        same &= each[places]
    return same
