"""The measures of every good of a ranking."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ....data.trade import UNSPECIFIED, WORLD, area_name
from ....data.trade.layouts import BACI
from ..parties import Parties, Party, name_members
from ..yearly import Yearly, per_year
from .measures import CDI_THRESHOLDS, core_dependency, cut_off_loss, dependence, herfindahl, share, share_weighted_loss
from .result import COLUMNS, Ranking, Row
from .sigma import Sigmas
from .substitutes import Substitutes, find_substitutes

ORIGINS = 10
"""Origins of a good that are named with their unit values."""

WORLDWIDE = 100
"""Importing countries from which data count as those of the world."""

ONLY = 1e-12
"""Share that others have up to which a seller counts as the only source."""

WHOLE = 1e-3
"""Share of value without a quantity up to which a good counts as weighed."""


def _dependent(result: pd.DataFrame) -> list[bool | None]:
    """Return whether all three core dependency indicators exceed their thresholds; None where one is not known."""
    found: list[bool | None] = []
    for row in result[["cdi1", "cdi2", "cdi3"]].itertuples(index=False):
        met = [None if math.isnan(value) else value > limit for value, limit in zip(row, CDI_THRESHOLDS, strict=True)]
        found.append(False if False in met else None if None in met else True)
    return found


class Measured:
    """Measures goods on the flows of a period.

    Parameters
    ----------
    yearly
        The flows.
    parties
        Who is who.
    sigmas
        Elasticities of substitution.
    expenditure
        What the buyer spends in a year; None: its imports.
    """

    def __init__(self, yearly: Yearly, parties: Parties, sigmas: Sigmas, expenditure: float | None):
        self.yearly = yearly
        self.parties = parties
        self.sigmas = sigmas
        self.statistics = yearly.statistics
        self.expenditure_words = "all imports in the data"
        run = self.statistics.connection.execute
        name_members(self.statistics, parties)
        # What touches a party is a small part of world trade, looked at many times.
        run(
            """create or replace temp table touched as select y.exporter, y.importer, y.code, y.value, y.quantity, y.paired,
            coalesce(e.party, y.exporter) as origin, coalesce(i.party, y.importer) as destination
            from yearly y left join members e on y.exporter = e.area left join members i on y.importer = i.area
            where e.party is not null or i.party is not null"""
        )
        run(
            """create or replace temp table exported as select code, coalesce(e.party, y.exporter) as origin, sum(value) as value,
            sum(quantity) as quantity, sum(paired) as paired from yearly y left join members e on y.exporter = e.area
            left join members i on y.importer = i.area where e.party is null or i.party is null or e.party <> i.party
            group by 1, 2"""
        )
        self.importers, self.exporters = self.statistics.rows(
            f"""select count(distinct importer) filter (importer <> '{UNSPECIFIED}'),
            count(distinct exporter) filter (exporter <> '{UNSPECIFIED}') from yearly"""
        )[0]
        # Whether the data show what others sell elsewhere.
        self.world = self.importers > 1 and self.exporters > 1
        units = dict(self.statistics.rows("select code, unit from units"))
        # BACI weighs everything.
        self.units, self.usual = units, "kg" if self.statistics.kind == BACI else ""

    def frame(self, query: str) -> pd.DataFrame:
        """Return the answer of a query, by code."""
        found = self.statistics.connection.execute(query).df()
        return found.set_index("code") if "code" in found else found

    def ranking(
        self, buyer: Party, seller: Party | None, allies: Sequence[Party] = (), spent: float | None = None
    ) -> Ranking:
        """Return the goods that a buyer buys from a seller (or from each good's largest origin), measured and ranked."""
        imports = self._imports(buyer)
        total = self._all_imports(buyer, imports)
        expenditure = total if spent is None else spent
        if not len(imports):
            return Ranking(buyer, seller, pd.DataFrame(columns=list(COLUMNS)), total, expenditure)
        sellers = self._sellers(buyer, seller, imports)
        codes = imports.index
        bought = self._from(buyer, sellers)
        frame = imports.join(bought, how="left").fillna({"bought": 0.0})
        if seller is not None:
            by = "bought" if frame["imports"].notna().any() and frame["bought"].sum() > 0 else "bought_quantity"
            frame = frame[frame[by].fillna(0.0) > 0]
        codes = frame.index
        result = pd.DataFrame(index=codes)
        result["code"] = codes
        result["name"] = [self.statistics.name(code) for code in codes]
        by_value = frame["imports"].fillna(0.0) > 0
        result["imports"] = frame["imports"].where(by_value)
        result["bought"] = frame["bought"].where(by_value)
        # A share of quantities needs the quantity of everything.
        weighed = ~by_value | (frame["imports_paired"].fillna(0.0) >= (1 - WHOLE) * frame["imports"])
        result["quantity_share"] = share(frame["bought_quantity"], frame["imports_quantity"].where(weighed))
        result["share"] = np.where(by_value, share(frame["bought"], frame["imports"]), result["quantity_share"])
        if not self._names_origins(buyer):
            # The only origin in the data is not the only one in the world.
            result["share"] = result["quantity_share"] = np.nan
        # A loss without end is no number in JSON; this says why it is empty there.
        result["only_source"] = result["share"] > 1 - ONLY
        exports = self._exports(sellers.reindex(codes))
        result["world_share"] = share(exports["sold"], exports["world"]) if self.world else np.nan
        result["sales_share"] = (
            share(
                frame["bought"].where(by_value, frame["bought_quantity"]),
                exports["sold"].where(by_value, exports["sold_quantity"]),
            )
            if self.importers > 1
            else np.nan
        )
        squares = frame["squares"].where(by_value, frame["squares_quantity"])
        amounts = frame["imports"].where(by_value, frame["imports_quantity"])
        result["hhi"] = herfindahl(squares, amounts.where(result["share"].notna()))
        inside, sold = self._inside(buyer).reindex(codes).fillna(0.0), self._sold(buyer).reindex(codes).fillna(0.0)
        inside_amount = inside["value"].where(by_value, inside["quantity"])
        sold_amount = sold["value"].where(by_value, sold["quantity"])
        result["cdi1"], result["cdi2"], result["cdi3"] = core_dependency(squares, amounts, inside_amount, sold_amount)
        result["cdi1"] = result["hhi"]
        if not self.statistics.rows("select 1 from exported where origin = ? limit 1", [buyer.id]):
            # Nothing is known of what the buyer exports.
            result["cdi3"] = np.nan
        result["dependent"] = _dependent(result)
        result["sigma"] = [self.sigmas.of(code) for code in codes]
        result["expenditure_share"] = share(result["imports"], np.full(len(result), expenditure))
        result["share_weighted_loss"] = share_weighted_loss(result["expenditure_share"], result["share"])
        result["loss_share"] = cut_off_loss(result["expenditure_share"], result["share"], result["sigma"])
        result["loss"] = cut_off_loss(result["imports"], result["share"], result["sigma"])
        joint = self._of_parties(buyer, allies).reindex(codes).fillna(0.0)
        result["allies_share"] = share(joint["value"].where(by_value, joint["quantity"]), amounts)
        result["joint_loss"] = cut_off_loss(
            result["imports"], np.minimum(1.0, result["share"] + result["allies_share"]), result["sigma"]
        )
        with np.errstate(invalid="ignore"):
            result["allies_add"] = np.where(np.isinf(result["loss"]), 0.0, result["joint_loss"] - result["loss"])
        self._asymmetry(result, buyer, seller, total)
        result["unit"] = [self.units.get(code, self.usual) for code in codes]
        result["unit_value"] = share(frame["bought_paired"], frame["bought_quantity"])
        result["other_unit_value"] = share(
            frame["imports_paired"].fillna(0.0) - frame["bought_paired"].fillna(0.0),
            frame["imports_quantity"].fillna(0.0) - frame["bought_quantity"].fillna(0.0),
        )
        result["origins"] = self._origins(buyer, result)
        self._substitutes(result, buyer, sellers.reindex(codes), allies, frame["bought_quantity"])
        if seller is None:
            result.insert(2, "origin", sellers.reindex(codes))
            result.insert(
                3,
                "origin_name",
                [area_name(area) if area != "EU" else "European Union" for area in sellers.reindex(codes)],
            )
        order = ["loss", "share", "bought", "code"]
        result = result.reset_index(drop=True).sort_values(
            order, ascending=[False, False, False, True], na_position="last", kind="stable"
        )
        return Ranking(buyer, seller, result.reset_index(drop=True), total, expenditure)

    def _names_origins(self, buyer: Party) -> bool:
        """Return whether the data name several origins of what a buyer imports, or what is beyond the one."""
        found = self.statistics.rows(
            "select count(distinct origin) from touched where destination = ? and origin <> ?", [buyer.id, buyer.id]
        )
        return bool(found[0][0] > 1)

    def _imports(self, buyer: Party) -> pd.DataFrame:
        """By good: what a buyer imports from outside, and the sum of squares over its origins."""
        return self.frame(
            f"""with origins as (select code, origin, sum(value) as value, sum(quantity) as quantity, sum(paired) as paired
            from touched where destination = '{buyer.id}' and origin <> '{buyer.id}' group by 1, 2)
            select code, sum(value) as imports, sum(quantity) as imports_quantity, sum(paired) as imports_paired,
            sum(value * value) filter (origin <> '{UNSPECIFIED}') as squares,
            sum(quantity * quantity) filter (origin <> '{UNSPECIFIED}') as squares_quantity
            from origins group by code having coalesce(sum(value), 0) > 0 or coalesce(sum(quantity), 0) > 0 order by code"""
        )

    def _origins(self, buyer: Party, result: pd.DataFrame) -> list[tuple[Row, ...]]:
        """By good: the largest origins of what a buyer imports, with their shares and unit values."""
        found = self.statistics.rows(
            f"""with origins as (select code, origin, sum(value) as value, sum(quantity) as quantity, sum(paired) as paired
                from touched where destination = ? and origin not in (?, '{UNSPECIFIED}') group by 1, 2),
            placed as (select *, row_number() over (partition by code order by value desc nulls last, quantity desc, origin)
                as place from origins)
            select code, origin, value, paired / nullif(quantity, 0) from placed where place <= {ORIGINS} order by code, place""",
            [buyer.id, buyer.id],
        )
        names = {party.id: party.name for party in self.parties.all}
        total = dict(zip(result["code"], result["imports"], strict=True))
        known = dict(zip(result["code"], result["share"].notna(), strict=True))
        origins: dict[str, list[Row]] = {}
        for code, origin, value, unit_value in found:
            part = value / total[code] if code in total and known[code] and value is not None else math.nan
            entry = {"area": origin, "name": names.get(origin) or area_name(origin), "value": value, "share": part}
            origins.setdefault(code, []).append({**entry, "unit_value": unit_value})
        return [tuple(origins.get(code, ())) for code in result["code"]]

    def _all_imports(self, buyer: Party, imports: pd.DataFrame) -> float:
        """Value of all goods a buyer imports in a year: the total of all goods where it is reported, else all in the data."""
        period = self.yearly.period
        members = ", ".join(f"'{area}'" for area in buyer.members)
        rows = self.statistics.rows(
            f"""select {per_year("value")} from totals where exporter = '{WORLD}' and side = 'M' and importer in ({members})
            and start between {period.first} and {period.last}"""
        )
        if rows and rows[0][0]:
            self.expenditure_words = "all imports, as reported in total"
            return float(rows[0][0])
        if not self._names_origins(buyer):
            return math.nan
        return float(imports["imports"].sum()) if len(imports) else 0.0

    def _sellers(self, buyer: Party, seller: Party | None, imports: pd.DataFrame) -> pd.Series:
        """By good: the seller looked at, by default the largest origin."""
        if seller is not None:
            return pd.Series(seller.id, index=imports.index)
        found = self.frame(
            f"""select code, origin from (select code, origin, sum(value) as value, sum(quantity) as quantity from touched
            where destination = '{buyer.id}' and origin not in ('{buyer.id}', '{UNSPECIFIED}') group by 1, 2)
            qualify row_number() over (partition by code order by value desc nulls last, quantity desc nulls last, origin) = 1"""
        )
        return found["origin"].reindex(imports.index)

    def _from(self, buyer: Party, sellers: pd.Series) -> pd.DataFrame:
        """By good: what a buyer imports from the seller looked at."""
        self.statistics.connection.register(
            "sellers", pd.DataFrame({"code": sellers.index, "origin": sellers.to_numpy()})
        )
        found = self.frame(
            f"""select t.code, sum(value) as bought, sum(quantity) as bought_quantity, sum(paired) as bought_paired from touched t
            join sellers s on t.code = s.code and t.origin = s.origin where t.destination = '{buyer.id}' group by t.code"""
        )
        self.statistics.connection.unregister("sellers")
        return found

    def _exports(self, sellers: pd.Series) -> pd.DataFrame:
        """By good: what the seller and the world export."""
        self.statistics.connection.register(
            "sellers", pd.DataFrame({"code": sellers.index, "origin": sellers.to_numpy()})
        )
        found = self.frame(
            """select s.code, sum(x.value) filter (x.origin = s.origin) as sold, sum(x.quantity) filter (x.origin = s.origin)
            as sold_quantity, sum(x.value) as world from sellers s left join exported x on x.code = s.code group by s.code"""
        )
        self.statistics.connection.unregister("sellers")
        return found.reindex(sellers.index)

    def _inside(self, buyer: Party) -> pd.DataFrame:
        return self.frame(
            f"select code, sum(value) as value, sum(quantity) as quantity from touched "
            f"where origin = '{buyer.id}' and destination = '{buyer.id}' and exporter <> importer group by code"
        )

    def _sold(self, buyer: Party) -> pd.DataFrame:
        return self.frame(f"select code, value, quantity from exported where origin = '{buyer.id}'")

    def _of_parties(self, buyer: Party, parties: Sequence[Party]) -> pd.DataFrame:
        names = ", ".join(f"'{party.id}'" for party in parties) or "''"
        return self.frame(
            f"select code, sum(value) as value, sum(quantity) as quantity from touched "
            f"where destination = '{buyer.id}' and origin in ({names}) group by code"
        )

    def _asymmetry(self, result: pd.DataFrame, buyer: Party, seller: Party | None, total: float) -> None:
        """Add the buyer's dependence, the seller's on the same good in return, and their difference."""
        result["dependence"] = dependence(result["bought"], np.full(len(result), total), result["sigma"])
        if seller is None:
            for column in ("return_dependence", "asymmetry", "return_value", "return_share"):
                result[column] = np.nan
            return
        theirs = self._imports(seller)
        back = self._of_parties(seller, [buyer]).reindex(result.index)
        result["return_value"] = back["value"].fillna(0.0)
        result["return_share"] = share(result["return_value"], theirs["imports"].reindex(result.index))
        spent = self._all_imports(seller, theirs)
        result["return_dependence"] = np.nan_to_num(
            dependence(result["return_value"], np.full(len(result), spent), result["sigma"])
        )
        result["asymmetry"] = result["dependence"] - result["return_dependence"]

    def _substitutes(
        self,
        result: pd.DataFrame,
        buyer: Party,
        sellers: pd.Series,
        allies: Sequence[Party],
        bought_units: pd.Series,
    ) -> None:
        """Add who else exports each good, and how often what they sell elsewhere covers what the buyer buys from the seller."""
        if not self.world:
            result["spare"] = result["cover"] = np.nan
            result["substitutes"] = [()] * len(result)
            return
        found = find_substitutes(self.yearly, self.parties, buyer, sellers, allies)
        nobody = Substitutes((), 0.0, 0.0)
        each = [found.get(code, nobody) for code in result["code"]]
        by_value = result["bought"].notna()
        result["spare"] = pd.Series([entry.spare for entry in each], index=result.index).where(by_value)
        units = np.array([entry.spare_quantity for entry in each], float)
        result["cover"] = np.where(by_value, share(result["spare"], result["bought"]), share(units, bought_units))
        result["substitutes"] = [entry.named for entry in each]

    def notes(self, buyer: Party) -> list[str]:
        """Return what the data cannot say."""
        notes = []
        if self.importers <= 1:
            notes.append(
                "The data hold the imports of one country only: what others sell elsewhere, and so world shares and "
                "substitutes, is not known. Add BACI, or other importers."
            )
        elif self.world and self.importers < WORLDWIDE:
            notes.append(
                f"World shares and substitutes are of what the data hold: imports of {self.importers} countries. What others "
                "import is not seen, so substitutes may have more to spare."
            )
        if not self._names_origins(buyer):
            notes.append(
                f"The data name one origin only of what {buyer.name} imports: shares and losses are not known. Add the other "
                "origins, or the row of all partners."
            )
        if not self.statistics.rows("select 1 from touched where value > 0 limit 1"):
            notes.append("The data hold no values: shares are by quantity, and there is no loss in money.")
        standins = self.statistics.rows("select count(*) from flows where standin")[0][0]
        if standins:
            notes.append(f"{standins:,} flows are as their exporters report them, raised to what importers pay.")
        return notes
