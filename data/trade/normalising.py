"""Rows as reported become flows that can be added up: one row a flow and period, by the rules of `rules`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .layouts import BACI, COMTRADE, PLAIN
from .rules import Ledger
from .staging import insert_rows
from .texts import months_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KEY = "period_start, months, side, flow, exporter, importer, code, revision"
SPLITS = {"partner2": "0", "customs": "C00", "mos": "0", "mot": "0"}
"""Columns that split a flow, and what stands there for all of it."""

PLAIN_KEY = "period_start, months, exporter, importer, code, value, quantity, unit"

EMPTY = {
    "totals": "create table totals (start integer, months integer, exporter varchar, importer varchar, side varchar, value double)",
    "reexports": "create table reexports (start integer, months integer, exporter varchar, code varchar, value double)",
}
"""Tables that only Comtrade fills."""

WHOLE = " and ".join(f"{column} = '{total}'" for column, total in SPLITS.items())
HS = "regexp_full_match(code, '[0-9]{2,}')"


def normalise(connection: DuckDBPyConnection, kind: str, ledger: Ledger, cif_fob: float) -> None:
    """Turn the table ``stage`` into the tables ``flows``, ``units``, ``totals`` and ``reexports``.

    Parameters
    ----------
    connection
        The database.
    kind
        What the files are: ``comtrade``, ``baci`` or ``plain``.
    ledger
        Counts what rules do.
    cif_fob
        Factor from an exporter's report to what the importer pays.
    """
    _Normaliser(connection, kind, ledger, cif_fob).run()


class _Normaliser:
    def __init__(self, connection: DuckDBPyConnection, kind: str, ledger: Ledger, cif_fob: float):
        self.connection = connection
        self.kind = kind
        self.ledger = ledger
        self.cif_fob = cif_fob

    def run(self) -> None:
        """Apply the rules."""
        if self.kind == BACI:
            self._reconciled()
            return
        if self.kind == COMTRADE:
            self._drop("classification", "not starts_with(revision, 'H')", "revision")
            self._whole_flows()
        self._repeated(f"{KEY}, {', '.join(SPLITS)}" if self.kind == COMTRADE else PLAIN_KEY)
        if self.kind == COMTRADE:
            self._newest_revision()
        self._drop(
            "groups", "'group' in (exporter_kind, importer_kind)", "if(exporter_kind = 'group', exporter, importer)"
        )
        self._drop("self", "exporter = importer", "exporter")
        self._part_flows()
        self._goods()
        if self.kind == PLAIN:
            self._spans()
        self._keep("unspecified", "'unspecified' in (exporter_kind, importer_kind)")
        self._keep("world", "'world' in (exporter_kind, importer_kind)")
        self._one_report()
        self._units()
        self._flows()

    def _reconciled(self) -> None:
        """Apply what is left to do to flows that BACI has reconciled: nothing is split, reported twice or without its unit.

        ``flows`` becomes a view: a year of BACI is 12 million rows, and most queries need a few of their columns.
        """
        for table in ("stage", "flows"):
            self.connection.execute(f"drop table {table}")
        self._repeated("t, i, j, k", "baci", "file desc", "1000 * v")
        code = "if(length(k) = 5, '0' || k, k)" if self._count("length(k) = 5", "baci", "v")[0] else "k"
        self.connection.execute(
            f"""create view flows as select b.file, 100 * t::integer + 1 as start, 12 as months, coalesce(e.area, '_X') as exporter,
            coalesce(m.area, '_X') as importer, {code} as code, 1000 * v as value, 1000 * q as quantity,
            if(q is null, null, 1000 * v) as paired, false as standin
            from baci b left join numbers e on b.i = e.number left join numbers m on b.j = m.number"""
        )
        areas = self.connection.execute("select number, area from numbers").fetchall()
        known = ", ".join(str(number) for number, area in areas if area != "_X")
        named = "(select area from numbers where number = i)"
        self._drop("self", f"i = j and i in ({known})", named, "baci", "1000 * v")
        self._keep("unspecified", f"i not in ({known}) or j not in ({known})", "baci", "1000 * v")
        self._keep("quantity", "q is null", "baci", "1000 * v")
        self.connection.execute("create table units as select distinct code, 'kg' as unit from flows order by code")
        for table in EMPTY.values():
            self.connection.execute(table)

    # Steps

    def _count(self, condition: str, table: str = "stage", value: str = "value") -> tuple[int, float | None]:
        row = self.connection.execute(f"select count(*), sum({value}) from {table} where {condition}").fetchone()
        return (0, None) if row is None else (int(row[0]), row[1])

    def _listed(self, condition: str, expression: str, table: str) -> str:
        rows = self.connection.execute(
            f"select {expression}, count(*) from {table} where {condition} group by 1 order by 2 desc, 1 limit 5"
        ).fetchall()
        return ", ".join(f"{name} {count:,}" for name, count in rows)

    def _drop(self, rule: str, condition: str, detail: str = "", table: str = "stage", value: str = "value") -> None:
        rows, total = self._count(condition, table, value)
        if rows:
            self.ledger.add(rule, rows, total, self._listed(condition, detail, table) if detail else "")
            self.connection.execute(f"delete from {table} where {condition}")

    def _keep(self, rule: str, condition: str, table: str = "stage", value: str = "value") -> None:
        self.ledger.add(rule, *self._count(condition, table, value))

    def _whole_flows(self) -> None:
        """Of a flow that is split, keep the row of all of it; where there is none, the parts stay and are added up."""
        if not self._count(f"not ({WHOLE})")[0]:
            return
        dropped: list[str] = []
        # A row of everything makes all others parts, whichever way they are split.
        whole = f"select distinct {KEY} from stage where {WHOLE}"
        dropped.append(f"not ({WHOLE}) and rowid in (select s.rowid from stage s semi join ({whole}) using ({KEY}))")
        for column, total in SPLITS.items():
            others = ", ".join(name for name in SPLITS if name != column)
            dropped.append(
                f"{column} <> '{total}' and rowid in (select s.rowid from stage s "
                f"semi join (select distinct {KEY}, {others} from stage where {column} = '{total}') using ({KEY}, {others}))"
            )
        names = " || ' ' || ".join(f"if({column} <> '{total}', '{column}Code', '')" for column, total in SPLITS.items())
        for condition in dropped:
            self._drop("splits", condition, f"trim({names})")
        self._keep("split-only", f"not ({WHOLE})")

    def _repeated(
        self, key: str, table: str = "stage", order: str = "file desc, number desc", value: str = "value"
    ) -> None:
        """Of rows with one key, keep the last."""
        found = self.connection.execute(
            f"select sum(n - 1) from (select count(*) as n from {table} group by {key} having n > 1)"
        ).fetchone()
        if found is None or not found[0]:
            return
        placed = f"row_number() over (partition by {key} order by {order}, rowid desc)"
        earlier = f"rowid in (select rowid from (select rowid, {placed} as place from {table}) where place > 1)"
        self._drop("repeated", earlier, table=table, value=value)

    def _newest_revision(self) -> None:
        reporter = "side, if(side = 'M', importer, exporter), period_start, months"
        older = f"rowid in (select rowid from stage qualify revision <> max(revision) over (partition by {reporter}))"
        several = self.connection.execute(
            f"select 1 from stage group by {reporter} having min(revision) <> max(revision) limit 1"
        ).fetchone()
        if several is not None:
            self._drop("revisions", older, "revision")

    def _part_flows(self) -> None:
        """Set re-exports aside, then drop all flows but exports and imports."""
        self.connection.execute(
            """create or replace table reexports as select period_start as start, months, exporter, code,
            coalesce(sum(value) filter (importer_kind = 'world'), sum(value)) as value
            from stage where flow = 'RX' group by all order by all"""
        )
        self._drop("flows", "flow not in ('M', 'X')", "flow")

    def _goods(self) -> None:
        """Set the total of all goods aside, then drop codes that name no goods."""
        self.connection.execute(
            """create or replace table totals as select period_start as start, months, exporter, importer, side, sum(value) as value
            from stage where code = 'TOTAL' group by all order by all"""
        )
        if self.kind == COMTRADE:
            self._drop("goods", f"not {HS}", "code")

    def _spans(self) -> None:
        """Spread rows over several months over months without a row of their own."""
        rows = self.connection.execute(
            "select rowid, * from stage where months not in (1, 12) order by months, period_start, file, number"
        ).fetchall()
        names = [column[0] for column in self.connection.description or ()]
        for cells in rows:
            row = dict(zip(names, cells, strict=True))
            months = months_of(row["period_start"], row["months"])
            key = [row[name] for name in ("exporter", "importer", "code", "unit")]
            covered = self.connection.execute(
                "select 1 from stage where months = 1 and exporter = ? and importer = ? and code = ? and unit = ? "
                f"and period_start in ({', '.join(map(str, months))}) limit 1",
                key,
            ).fetchone()
            self.connection.execute("delete from stage where rowid = ?", [row.pop("rowid")])
            self.ledger.add("covered" if covered else "spans", 1, row["value"])
            if covered is None:
                shares = {
                    name: None if row[name] is None else row[name] / len(months) for name in ("value", "kg", "quantity")
                }
                spread = [tuple({**row, **shares, "period_start": month, "months": 1}.values()) for month in months]
                insert_rows(self.connection, "stage", spread)

    def _one_report(self) -> None:
        """Of two reports of one flow, keep the importer's; where there is none, the exporter's stands in.

        An importer that reports its total of all partners for a code and period has reported all of it.
        """
        self.connection.execute("alter table stage add column standin boolean default false")
        if self.kind != COMTRADE:
            return
        flow = "period_start, months, exporter, importer, code"
        whole = "period_start, months, importer, code"
        self._drop(
            "mirror",
            f"""side = 'X' and importer_kind <> 'world' and rowid in (
            select s.rowid from stage s semi join (select distinct {flow} from stage where side = 'M') using ({flow})
            union select s.rowid from stage s semi join
            (select distinct {whole} from stage where side = 'M' and exporter_kind = 'world') using ({whole}))""",
        )
        self._keep("exporter", "side = 'X'")
        self.connection.execute(f"update stage set value = value * {self.cif_fob!r}, standin = true where side = 'X'")

    def _units(self) -> None:
        """Choose the unit of every code: kilograms where at least half of its value has a weight, else the commonest by value."""
        self.connection.execute(
            """create or replace table units as
            with weights as (select code, sum(value) filter (kg is not null) as weighed, sum(value) as value,
                count(kg) as rows_weighed, count(*) as all_rows from stage group by code),
            named as (select code, unit, sum(value) as value, count(*) as n from stage
                where quantity is not null and unit is not null group by code, unit),
            best as (select code, unit from named
                qualify row_number() over (partition by code order by value desc nulls last, n desc, unit) = 1)
            select code, if(coalesce(weighed >= 0.5 * value, false) or (coalesce(value, 0) = 0 and rows_weighed >= 0.5 * all_rows)
                or (b.unit is null and rows_weighed > 0), 'kg', coalesce(b.unit, '')) as unit
            from weights left join best b using (code) order by code"""
        )

    def _flows(self) -> None:
        """Write one row a flow and period; ``paired`` is the value of what has a quantity."""
        in_unit = "if(u.unit = 'kg', s.kg, if(s.unit = u.unit, s.quantity, null))"
        other = f"s.quantity is not null and s.unit is not null and {in_unit} is null"
        self.ledger.add("units", *self._count(other, "stage s join units u using (code)"))
        self.connection.execute(
            f"""insert into flows select min(s.file), s.period_start, s.months, s.exporter, s.importer, s.code, sum(s.value),
            sum({in_unit}), sum(s.value) filter ({in_unit} is not null), bool_or(s.standin)
            from stage s join units u using (code) group by s.period_start, s.months, s.exporter, s.importer, s.code
            order by s.code, s.exporter, s.importer, s.period_start, s.months"""
        )
        self.connection.execute("drop table stage")
        self._keep("quantity", "quantity is null and value > 0", "flows")
