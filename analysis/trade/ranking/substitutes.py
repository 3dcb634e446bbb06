"""Who else exports what a buyer buys from a seller, and how much of it they sell elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ....data.trade import UNSPECIFIED, area_name
from ..parties import Parties, Party
from ..yearly import Yearly, per_year

SUBSTITUTES = 5
"""Substitutes that are named for every good."""


@dataclass(frozen=True)
class Substitutes:
    """The substitutes of a good.

    Attributes
    ----------
    named
        The largest by what they sell elsewhere: area, name, exports, to_buyer, spare (money per year), unit_value.
    spare, spare_quantity
        What all of them sell elsewhere, in money and in units per year.
    """

    named: tuple[dict[str, Any], ...]
    spare: float
    spare_quantity: float


def find_substitutes(
    yearly: Yearly, parties: Parties, buyer: Party, sellers: pd.Series, allies: Sequence[Party]
) -> dict[str, Substitutes]:
    """Return the substitutes of every good.

    Spare is what a substitute exports to others than the buyer, its re-exports taken off where they are reported. Allies are no
    substitutes.

    Parameters
    ----------
    yearly
        Flows per year, with the tables ``touched`` and ``exported`` of a scan.
    parties
        Who is who.
    buyer
        The buyer.
    sellers
        The seller of every good, by code.
    allies
        Who stops with the seller.
    """
    statistics, period, digits = yearly.statistics, yearly.period, yearly.digits
    out = ", ".join(f"'{area}'" for area in [buyer.id, UNSPECIFIED, *(ally.id for ally in allies)])
    code = f"if(regexp_full_match(code, '[0-9]{{2,}}'), left(code, {digits}), code)" if digits else "code"
    frame = pd.DataFrame({"code": sellers.index, "origin": sellers.to_numpy()})
    statistics.connection.register("sellers", frame)
    found = statistics.rows(
        f"""with reported as (select *, {code} as good from reexports
            where start between {period.first} and {period.last} and length(code) >= length({code})),
        coarsest as (select * from reported
            qualify length(code) = min(length(code)) over (partition by exporter, good)),
        back as (select good as code, coalesce(m.party, r.exporter) as origin, {per_year("value")} as value
            from coarsest r left join members m on r.exporter = m.area group by 1, 2),
        bought as (select code, origin, sum(value) as value, sum(quantity) as quantity, sum(paired) as paired from touched
            where destination = '{buyer.id}' group by 1, 2),
        others as (select x.code, x.origin, x.value, coalesce(b.value, 0) as to_buyer,
            greatest(0, coalesce(x.value, 0) - coalesce(b.value, 0) - coalesce(k.value, 0)) as spare,
            greatest(0, coalesce(x.quantity, 0) - coalesce(b.quantity, 0)) as units,
            if(b.quantity > 0, b.paired / b.quantity, if(x.quantity > 0, x.paired / x.quantity, null)) as unit_value
            from exported x join sellers s on x.code = s.code and x.origin <> s.origin
            left join bought b on b.code = x.code and b.origin = x.origin
            left join back k on k.code = x.code and k.origin = x.origin where x.origin not in ({out})),
        placed as (select *, sum(spare) over (partition by code) as all_spare, sum(units) over (partition by code) as all_units,
            row_number() over (partition by code order by spare desc, to_buyer desc, units desc, origin) as place from others)
        select code, origin, value, to_buyer, spare, unit_value, all_spare, all_units from placed
        where place <= {SUBSTITUTES} order by code, place"""
    )
    statistics.connection.unregister("sellers")
    names = {party.id: party.name for party in parties.all}
    named: dict[str, list[dict[str, Any]]] = {}
    spare: dict[str, tuple[float, float]] = {}
    for good, origin, value, to_buyer, left, unit_value, all_spare, all_units in found:
        entry = {"area": origin, "name": names.get(origin) or area_name(origin), "exports": value, "to_buyer": to_buyer}
        named.setdefault(good, []).append({**entry, "spare": left, "unit_value": unit_value})
        spare[good] = (all_spare, all_units)
    return {good: Substitutes(tuple(entries), *spare[good]) for good, entries in named.items()}
