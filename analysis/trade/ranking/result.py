"""What a scan found: rankings of goods, and what they rest on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ....data.trade import Treatment
from ..parties import Parties, Party
from ..yearly import Period
from .sigma import Sigmas

COLUMNS: dict[str, str] = {
    "code": "",
    "name": "",
    "imports": "money per year",
    "bought": "money per year",
    "share": "share of the buyer's imports",
    "quantity_share": "share of the buyer's imports by quantity",
    "only_source": "",
    "world_share": "share of world exports",
    "sales_share": "share of the seller's exports",
    "hhi": "0 to 1",
    "cdi1": "0 to 1",
    "cdi2": "share",
    "cdi3": "ratio",
    "dependent": "",
    "sigma": "",
    "expenditure_share": "share of the buyer's expenditure",
    "share_weighted_loss": "share of the buyer's expenditure",
    "loss_share": "share of the buyer's expenditure",
    "loss": "money per year",
    "allies_share": "share of the buyer's imports",
    "joint_loss": "money per year",
    "allies_add": "money per year",
    "dependence": "share of all imports / trade elasticity",
    "return_dependence": "share of all imports / trade elasticity",
    "asymmetry": "share of all imports / trade elasticity",
    "return_value": "money per year",
    "return_share": "share of the seller's imports",
    "unit": "",
    "unit_value": "money per unit",
    "other_unit_value": "money per unit",
    "origins": "",
    "spare": "money per year",
    "cover": "times what the buyer buys from the seller",
    "substitutes": "",
}
"""Columns of a ranking with their units."""

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Goods that a buyer buys from a seller, the largest loss first.

    Attributes
    ----------
    buyer, seller
        Who depends on whom; the seller is None where it is each good's largest origin.
    rows
        A row a good, with the columns of `COLUMNS`; ``origins`` is a tuple of mappings with area, name, value (money per year),
        share and unit_value, ``substitutes`` one of mappings with area, name, exports, to_buyer, spare (money per year) and
        unit_value.
    imports
        Value of all that the buyer imports, per year.
    expenditure
        What shares of expenditure are of, per year.
    """

    buyer: Party
    seller: Party | None
    rows: pd.DataFrame
    imports: float
    expenditure: float

    @property
    def dependence(self) -> float:
        """The buyer's dependence on the seller through all goods."""
        return math.fsum(self.rows["dependence"].dropna()) if len(self.rows) else 0.0


@dataclass(frozen=True, eq=False)
class Scan:
    """What trade statistics say about who depends on whom.

    Attributes
    ----------
    parties
        Who is who.
    period
        What amounts per year are taken from.
    digits
        Digits of the codes; None where items are no codes.
    currency
        Unit of money.
    hold
        What the counterpart buys from us; None with `diversify`.
    exposure
        What we buy from the counterpart, or, with `diversify`, all that we import.
    diversify
        Whether the buyer's view was asked for.
    treatments
        What rules dropped and mended.
    notes
        What the data cannot say.
    source
        The files.
    expenditure_words
        What shares of expenditure are of.
    sigmas
        Elasticities of substitution.
    """

    parties: Parties
    period: Period
    digits: int | None
    currency: str
    hold: Ranking | None
    exposure: Ranking
    diversify: bool
    treatments: tuple[Treatment, ...]
    notes: tuple[str, ...]
    source: str
    expenditure_words: str
    sigmas: Sigmas = field(default_factory=Sigmas)

    @property
    def rankings(self) -> tuple[Ranking, ...]:
        """The rankings that there are."""
        return (self.exposure,) if self.hold is None else (self.hold, self.exposure)

    @property
    def asymmetry(self) -> float | None:
        """The counterpart's dependence on us less ours on it, all goods together; None with `diversify`."""
        return None if self.hold is None else self.hold.dependence - self.exposure.dependence

    def to_frame(self) -> pd.DataFrame:
        """Return the goods of every ranking, a row each, by buyer."""
        import pandas as pd

        rows = [ranking.rows.assign(buyer=ranking.buyer.id) for ranking in self.rankings]
        found = pd.concat(rows, ignore_index=True)
        return found[["buyer", *(column for column in found.columns if column != "buyer")]]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain mappings and lists; what is not defined becomes None."""
        parties = self.parties
        return {
            "source": self.source,
            "focal": parties.focal.id,
            "counterpart": None if parties.counterpart is None else parties.counterpart.id,
            "allies": [ally.id for ally in parties.allies],
            "period": {"first": self.period.first, "last": self.period.last, "words": self.period.words},
            "digits": self.digits,
            "currency": self.currency,
            "view": "diversify" if self.diversify else "leverage",
            "sigma_default": self.sigmas.default,
            "expenditure_of": self.expenditure_words,
            "asymmetry": self.asymmetry,
            "units": COLUMNS,
            "rankings": [_ranking_document(ranking) for ranking in self.rankings],
            "treatments": [
                {
                    "rule": entry.rule.id,
                    "action": entry.rule.action,
                    "title": entry.rule.title,
                    "rows": entry.rows,
                    "value": entry.value,
                    "detail": entry.detail,
                    "sentence": entry.rule.sentence,
                }
                for entry in self.treatments
            ],
            "notes": list(self.notes),
        }


def _ranking_document(ranking: Ranking) -> dict[str, Any]:
    return {
        "buyer": ranking.buyer.id,
        "seller": None if ranking.seller is None else ranking.seller.id,
        "imports": ranking.imports,
        "expenditure": ranking.expenditure,
        "dependence": ranking.dependence,
        "goods": [
            {column: list(value) if isinstance(value, tuple) else value for column, value in row.items()}
            for row in ranking.rows.to_dict("records")
        ],
    }
