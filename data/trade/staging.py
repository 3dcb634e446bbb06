"""Files into the tables of a database: cells checked and read, nothing added up yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..schema.errors import Fault
from .areas import find_area, nearest_area, plain_key
from .layout_files import cell_of, file_rows, joined, place_of, quoted, ragged, source_of
from .layouts import Layout
from .rules import Ledger
from .texts import is_change, read_code, read_money, read_period, read_unit

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_INSERTED = 500
"""Rows that are inserted with one statement."""

MOST_FAULTS = 20
"""Faults of one kind in one file that are listed one by one."""

NO_NUMBER = "not a number; write a plain decimal such as 12.5, without separators or units"

FLOWS = {
    "m": "M", "import": "M", "imports": "M", "1": "M", "x": "X", "export": "X", "exports": "X", "2": "X",
    "rx": "RX", "re-export": "RX", "re-exports": "RX", "3": "RX", "rm": "RM", "re-import": "RM", "re-imports": "RM", "4": "RM",
}  # fmt: skip
"""Flows by the codes and names that Comtrade has used."""

OWN_NUMBERS = ("251", "381", "579", "699", "757", "842")
"""Country numbers of Comtrade that are not those of ISO 3166."""

STAGE = """create table stage (file integer, number bigint, period_start integer, months integer, side varchar, flow varchar,
    exporter varchar, importer varchar, exporter_kind varchar, importer_kind varchar, code varchar, revision varchar,
    partner2 varchar, customs varchar, mos varchar, mot varchar, value double, kg double, quantity double, unit varchar)"""

BACI_TYPES = {
    "year": "SMALLINT", "exporter": "SMALLINT", "importer": "SMALLINT", "code": "VARCHAR", "value": "DOUBLE", "quantity": "DOUBLE",
}  # fmt: skip
"""Columns of BACI in the order of the table ``baci``."""

BACI_TABLE = "create table baci (file integer, t smallint, i smallint, j smallint, k varchar, v double, q double)"

FLOWS_TABLE = """create table flows (file integer, start integer, months integer, exporter varchar, importer varchar, code varchar,
    value double, quantity double, paired double, standin boolean)"""

NAMED = {"exporter": "origin", "importer": "destination"}


class Stager:
    """Reads files into the tables of a database, collecting faults.

    Parameters
    ----------
    connection
        The database.
    faults
        What cannot be read is added here.
    ledger
        Counts what rules do.
    fixed
        Country of every row of a plain table without a column ``exporter`` or ``importer``.

    Attributes
    ----------
    texts : dict of str to str
        Names of items by code.
    currencies : dict of str to str
        Currencies of values, each with the first file that has it.
    """

    def __init__(
        self, connection: DuckDBPyConnection, faults: list[Fault], ledger: Ledger, fixed: Mapping[str, str | None]
    ):
        self.connection = connection
        self.faults = faults
        self.ledger = ledger
        self.fixed = fixed
        self.texts: dict[str, str] = {}
        self.currencies: dict[str, str] = {}
        self._areas: dict[str, str] = {}
        connection.execute(STAGE)
        connection.execute(FLOWS_TABLE)
        connection.execute(BACI_TABLE)

    # Names

    def countries(self, layout: Layout, place: int) -> int:
        """Take the country codes of BACI; return how many."""
        rows = 0
        for _, cells in file_rows(layout):
            rows += 1
            row = dict(zip(layout.header, (cell.strip() for cell in cells), strict=False))
            for column in ("iso", "name"):
                text = row.get(layout.columns.get(column, ""), "")
                if text and find_area(text) is not None:
                    self._areas.setdefault(plain_key(row[layout.columns["code"]]), text)
        return rows

    def products(self, layout: Layout, place: int) -> int:
        """Take the product names of BACI; return how many."""
        rows = 0
        for _, cells in file_rows(layout):
            rows += 1
            row = dict(zip(layout.header, (cell.strip() for cell in cells), strict=False))
            code, text = row.get(layout.columns["code"], ""), row.get(layout.columns["text"], "")
            if code and text:
                self.texts[read_code(code)[0]] = text
        return rows

    # BACI

    def baci(self, layout: Layout, place: int) -> int:
        """Read a file of BACI into the table ``baci``; return its rows."""
        before = self._total("baci")
        columns = ", ".join(place_of(layout, name) or "null" for name in BACI_TYPES)
        types = {place_of(layout, name): kind for name, kind in BACI_TYPES.items() if name in layout.columns}
        names = [f"c{place}" for place in range(layout.width)]
        source = source_of(layout, {name: types.get(name, "VARCHAR") for name in names}, ["", "NA"])
        self.connection.execute("begin")
        fine = self._run(f"insert into baci select {place}, {columns} from {source}", layout, collect=False)
        odd = (
            "t not between 1900 and 2100 or v < 0 or not isfinite(v) or q < 0 or not isfinite(q) "
            "or length(k) not between 5 and 6 or try_cast(k as integer) is null"
        )
        empty = "t is null or i is null or j is null or k is null or v is null"
        if fine and not self._counted("baci", f"file = {place} and ({empty} or {odd})", "0")[0]:
            self.connection.execute("commit")
        else:
            self.connection.execute("rollback")
            self._careful_baci(layout, place)
        self.currencies.setdefault("USD", layout.shown)
        if not self.faults:
            self._count_baci(place)
        return self._total("baci") - before

    def _careful_baci(self, layout: Layout, place: int) -> None:
        """Read a file of BACI cell by cell: blanks around figures are taken away, what is no figure becomes a fault."""
        cells = {column: cell_of(layout, column) for column in BACI_TYPES}
        cells["quantity"] = f"nullif({cells['quantity']}, 'NA')"
        chosen = ", ".join(f"{cell} as {column}" for column, cell in cells.items())
        query = (
            f"create or replace table raw as select row_number() over () as number, {chosen} from {source_of(layout)}"
        )
        if not self._run(query, layout):
            return
        year = "coalesce(try_cast(year as integer) not between 1900 and 2100, true)"
        self._refuse(layout, "raw", year, "year", "not a year")
        for column in ("exporter", "importer"):
            bad = f"coalesce(try_cast({column} as smallint) < 0, true)"
            self._refuse(layout, "raw", bad, column, "not the number of a country, such as 410")
        code = "not coalesce(regexp_full_match(code, '[0-9]{5,6}'), false)"
        self._refuse(layout, "raw", code, "code", "not an HS code of six digits")
        self._refuse(layout, "raw", "value is null", "value", "empty; every row has a value")
        for column in ("value", "quantity"):
            self._check_number(layout, column)
        if not self.faults:
            self.connection.execute(
                f"""insert into baci select {place}, year::smallint, exporter::smallint, importer::smallint, code, value::double,
                quantity::double from raw"""
            )
        self.connection.execute("drop table raw")

    def _count_baci(self, place: int) -> None:
        told = f"file = {place}"
        self.ledger.add("taiwan", *self._counted("baci", f"{told} and 490 in (i, j)", "1000 * v"))
        own = ", ".join(OWN_NUMBERS)
        self.ledger.add("codes", *self._counted("baci", f"{told} and (i in ({own}) or j in ({own}))", "1000 * v"))
        self.ledger.add("zeros", *self._counted("baci", f"{told} and length(k) = 5", "1000 * v"))

    def numbers(self) -> None:
        """Make the table ``numbers``: what every number of a country stands for."""
        known = [(number, self._area(str(number))) for number in range(1000)]
        self.connection.execute("create table numbers (number smallint, area varchar)")
        told = [(number, area[0]) for number, area in known if area is not None and area[1] != "group"]
        insert_rows(self.connection, "numbers", told)

    # Comtrade

    def comtrade(self, layout: Layout, place: int) -> int:
        """Read a file of UN Comtrade into the table ``stage``; return its rows."""
        names = ["type", "flow", "flow_name", "partner2", "revision", "code", "text", "customs", "mos", "mot"]
        names += ["unit_code", "unit", "quantity", "weight", "value"]
        cells = [f"{cell_of(layout, name)} as {name}" for name in names]
        cells += [
            f"{joined(layout, f'{side}_code', f'{side}_iso', side)} as {side}" for side in ("reporter", "partner")
        ]
        cells.append(f"{joined(layout, 'period', 'year', 'month', 'freq', 'period_id')} as moment")
        query = f"create or replace table raw as select row_number() over () as number, {', '.join(cells)} from {source_of(layout)}"
        if not self._run(query, layout):
            return 0
        rows = self._total("raw")
        self.ledger.add("services", *self._counted("raw", "upper(type) = 'S'", "try_cast(value as double)"))
        self.connection.execute("delete from raw where upper(type) = 'S'")
        self._check_number(layout, "value")
        self._refuse(layout, "raw", "value is null", "value", "empty; every row has a value")
        column = next(name for name in ("period", "year", "period_id") if name in layout.columns)
        # The id of a year is that of its January: where a file has no other, its rows are of years.
        yearly = not self._counted("raw", "not ends_with(moment, '0101')", "0")[0]
        self._map("moments", "moment", lambda text: _moment(text, yearly), ("integer", "integer", "boolean"))
        message = "not a period; write a year such as 2024 or a month such as 202403"
        self._refuse(layout, "raw", "moment not in (select text from moments)", column, message)
        for side in ("reporter", "partner"):
            self._map(f"{side}s", side, self._comtrade_area, ("varchar", "varchar", "varchar"))
        self._map("directions", "coalesce(flow, flow_name)", _direction, ("varchar",))
        column = "flow" if "flow" in layout.columns else "flow_name"
        self._refuse(layout, "raw", "coalesce(flow, flow_name) is null", column, "empty; M is import, X export")
        self._map("codes", "code", read_code, ("varchar", "varchar", "boolean"))
        self._refuse(layout, "raw", "code is null", "code", "empty; an HS code is needed")
        self._map("measures", "coalesce(unit, unit_code)", read_unit, ("varchar", "double"))
        if not self.faults:
            self._count_comtrade()
            self._stage_comtrade(place)
        self.connection.execute("drop table raw")
        self.currencies.setdefault("USD", layout.shown)
        return rows

    def _count_comtrade(self) -> None:
        value = "try_cast(value as double)"
        for mark, rule in (("taiwan", "taiwan"), ("own", "codes")):
            told = "raw join reporters r on raw.reporter = r.text join partners p on raw.partner = p.text"
            self.ledger.add(rule, *self._counted(told, f"'{mark}' in (r.m2, p.m2)", value))
        self.ledger.add("zeros", *self._counted("raw join codes on raw.code = codes.text", "codes.m2", value))
        self.ledger.add("annual", *self._counted("raw join moments on raw.moment = moments.text", "moments.m2", value))
        named = "select codes.m0, min(raw.text) from raw join codes on raw.code = codes.text where raw.text is not null group by 1"
        for code, text in self.connection.execute(named).fetchall():
            self.texts.setdefault(code, text)

    def _stage_comtrade(self, place: int) -> None:
        # 0 and less say that it is not known.
        weight, quantity = (f"nullif(greatest(try_cast({name} as double), 0), 0)" for name in ("weight", "quantity"))
        side = "d.m0 in ('M', 'RM')"
        self.connection.execute(
            f"""insert into stage select {place}, number, m.m0, m.m1, if({side}, 'M', 'X'), d.m0,
            if({side}, p.m0, r.m0), if({side}, r.m0, p.m0), if({side}, p.m1, r.m1), if({side}, r.m1, p.m1),
            c.m0, upper(coalesce(revision, 'HS')), coalesce(partner2, '0'), coalesce(upper(customs), 'C00'), coalesce(mos, '0'),
            coalesce(mot, '0'), try_cast(value as double), coalesce({weight}, {quantity} * u.m1), {quantity}, nullif(u.m0, '')
            from raw join moments m on raw.moment = m.text join reporters r on raw.reporter = r.text
            join partners p on raw.partner = p.text join directions d on coalesce(raw.flow, raw.flow_name) = d.text
            join codes c on raw.code = c.text left join measures u on coalesce(raw.unit, raw.unit_code) = u.text"""
        )

    def _comtrade_area(self, text: str) -> tuple[str, str, str]:
        """Return the area of number, ISO code and name, and how it was found; the first that is known counts."""
        for part in text.split("\x1f"):
            if part and (area := self._area(part)) is not None:
                mark = "own" if plain_key(part) in OWN_NUMBERS else "taiwan" if _is_other_asia(part) else ""
                return *area, mark
        return "_X", "unspecified", ""

    # Plain tables

    def plain(self, layout: Layout, place: int) -> int:
        """Read a plain table into the table ``stage``; return its rows."""
        names = ("period", "exporter", "importer", "code", "quantity", "unit", "value", "text")
        cells = {name: cell_of(layout, name) for name in names}
        for column, words in (("exporter", "--origin"), ("importer", "--destination")):
            given = self.fixed[column]
            if column in layout.columns:
                continue
            if given is None:
                message = f"missing column; add one, or name the {NAMED[column]} of every row with {words}"
                self.faults.append(Fault(layout.shown, message, layout.line, NAMED[column]))
                return 0
            cells[column] = quoted(given)
        chosen = ", ".join(f"{cells[name]} as {name}" for name in names)
        if not self._run(
            f"create or replace table raw as select row_number() over () as number, {chosen} from {source_of(layout)}",
            layout,
        ):
            return 0
        rows = self._total("raw")
        self._map("changes", "unit", lambda text: (True,) if is_change(text) else None, ("boolean",))
        self._drop("places", "exporter is null or importer is null")
        self._drop("percent", "unit in (select text from changes)")
        self._drop("empty", "quantity is null and value is null")
        self._money(layout)
        self._check_number(layout, "quantity")
        self._check_number(layout, "value", "value not in (select text from money)")
        self._map("moments", "period", read_period, ("integer", "integer"))
        message = "not a period; write a month such as 2024-03 or a year such as 2024"
        self._refuse(layout, "raw", "period is null or period not in (select text from moments)", "period", message)
        for column in ("exporter", "importer"):
            self._map(f"{column}s", column, self._plain_area, ("varchar", "varchar", "varchar"))
            self._refuse(layout, "raw", f"{column} not in (select text from {column}s)", column, no_country)
        self._refuse(layout, "raw", "code is null", "code", "empty; an item is needed")
        self._map("codes", "code", read_code, ("varchar", "varchar", "boolean"))
        self._map("measures", "unit", read_unit, ("varchar", "double"))
        if not self.faults:
            self._stage_plain(layout, place)
        if layout.currency:
            self.currencies.setdefault(layout.currency, layout.shown)
        self.connection.execute("drop table raw")
        return rows

    def _stage_plain(self, layout: Layout, place: int) -> None:
        number = "try_cast(raw.value as double)"
        told = "raw join exporters e on raw.exporter = e.text join importers i on raw.importer = i.text"
        self.ledger.add("taiwan", *self._counted(told, "'taiwan' in (e.m2, i.m2)", number))
        self.ledger.add("codes", *self._counted(told, "'own' in (e.m2, i.m2)", number))
        self.ledger.add("zeros", *self._counted("raw join codes on raw.code = codes.text", "codes.m2", number))
        for code, name, text in self.connection.execute(
            "select codes.m0, codes.m1, min(raw.text) from raw join codes on raw.code = codes.text group by 1, 2 order by 1, 2"
        ).fetchall():
            if text or name:
                self.texts.setdefault(code, text or name)
        weight = "null" if layout.weight is None else repr(layout.weight)
        unit = "" if layout.weight is None else "kg"
        quantity = "try_cast(raw.quantity as double)"
        self.connection.execute(
            f"""insert into stage select {place}, number, m.m0, m.m1, 'R', 'M', e.m0, i.m0, e.m1, i.m1, c.m0,
            null, null, null, null, null, coalesce(money.m0, {number} * {layout.scale!r}),
            {quantity} * coalesce(u.m1, {weight}), {quantity}, coalesce(u.m0, '{unit}')
            from raw join moments m on raw.period = m.text join exporters e on raw.exporter = e.text
            join importers i on raw.importer = i.text join codes c on raw.code = c.text left join measures u on raw.unit = u.text
            left join money on raw.value = money.text"""
        )

    def _plain_area(self, text: str) -> tuple[str, str, str] | None:
        area = self._area(text)
        if area is None:
            return None
        return *area, "own" if plain_key(text) in OWN_NUMBERS else "taiwan" if _is_other_asia(text) else ""

    def _drop(self, rule: str, condition: str) -> None:
        self.ledger.add(rule, *self._counted("raw", condition, "try_cast(value as double)"))
        self.connection.execute(f"delete from raw where {condition}")

    def _money(self, layout: Layout) -> None:
        """Read values that are written as text with their unit."""

        def read(text: str) -> tuple[float] | None:
            found = None if _is_number(text) else read_money(text)
            if found is None:
                return None
            self.currencies.setdefault(found[1], layout.shown)
            return (found[0],)

        self._map("money", "value", read, ("double",))
        self.ledger.add("money", *self._counted("raw join money on raw.value = money.text", "true", "money.m0"))

    # What all share

    def _area(self, text: str) -> tuple[str, str] | None:
        area = find_area(self._areas.get(plain_key(text), text)) or find_area(text)
        return None if area is None else (area.id, area.kind)

    def _total(self, table: str) -> int:
        return self._counted(table, "true", "0")[0]

    def _counted(self, table: str, condition: str, value: str) -> tuple[int, float | None]:
        row = self.connection.execute(f"select count(*), sum({value}) from {table} where {condition}").fetchone()
        return (0, None) if row is None else (int(row[0]), row[1])

    def _run(self, query: str, layout: Layout, collect: bool = True) -> bool:
        """Run a query that reads a file, and return whether all its rows were; the others become faults."""
        import duckdb

        for table in ("reject_errors", "reject_scans"):
            self.connection.execute(f"drop table if exists {table}")
        try:
            self.connection.execute(query)
        except duckdb.Error as error:
            if is_full(error):
                raise
            first = str(error).splitlines()[0]
            words = first.partition(": ")[2] or first
            self.faults.append(Fault(layout.shown, f"cannot be read: {words}; download it again, or save it as UTF-8"))
            return False
        rejected = self.connection.execute(
            "select line, min(error_type), any_value(csv_line) from reject_errors group by line order by line"
        ).fetchall()
        if not collect:
            return not rejected
        for line, kind, text in rejected[:MOST_FAULTS]:
            self.faults.append(Fault(layout.shown, ragged(layout, str(kind), str(text)), int(line)))
        if len(rejected) > MOST_FAULTS:
            self.faults.append(
                Fault(layout.shown, f"{len(rejected) - MOST_FAULTS:,} more rows are no rows of its table")
            )
        return not rejected

    def _refuse(
        self, layout: Layout, table: str, condition: str, column: str, message: str | Callable[[str], str]
    ) -> None:
        """Add a fault for every row of a table that meets a condition; line and text are those of the file."""
        found = self.connection.execute(f"select number from {table} where {condition} order by number").fetchall()
        if not found:
            return
        name = layout.columns.get(column, column)
        place = layout.header.index(name) if name in layout.header else None
        for line, cells in file_rows(layout, [row[0] for row in found[:MOST_FAULTS]]):
            text = cells[place].strip() if place is not None and place < len(cells) else ""
            words = message(text) if callable(message) else message
            self.faults.append(Fault(layout.shown, words, line, name, text or None))
        if len(found) > MOST_FAULTS:
            more = f"{len(found) - MOST_FAULTS:,} more rows have the same fault"
            self.faults.append(Fault(layout.shown, more, column=name))

    def _check_number(self, layout: Layout, column: str, condition: str = "true") -> None:
        number = f"try_cast({column} as double)"
        bad = f"{column} is not null and coalesce(not isfinite({number}), true)"
        self._refuse(layout, "raw", f"({condition}) and ({bad})", column, NO_NUMBER)
        self._refuse(
            layout,
            "raw",
            f"({condition}) and isfinite({number}) and {number} < 0",
            column,
            "negative; a flow is 0 or more",
        )

    def _map(self, name: str, column: str, read: Callable[[str], Sequence[Any] | None], types: Sequence[str]) -> None:
        """Make a table that maps every text of a column to what it is read as; texts that cannot be read are left out."""
        query = f"select distinct {column} from raw where {column} is not null order by 1"
        texts = [row[0] for row in self.connection.execute(query).fetchall()]
        found = [(text, *values) for text in texts if (values := read(text)) is not None]
        columns = ", ".join(f"m{place} {kind}" for place, kind in enumerate(types))
        self.connection.execute(f"create or replace temp table {name} (text varchar, {columns})")
        insert_rows(self.connection, name, found)


def is_full(error: Exception) -> bool:
    """Return whether an error of the database says that there is no room, not that a file is faulty."""
    return "No space left" in str(error) or type(error).__name__ == "OutOfMemoryException"


def insert_rows(connection: DuckDBPyConnection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows into a table, many with each statement: one by one takes a thousand times as long."""
    for first in range(0, len(rows), MOST_INSERTED):
        part = rows[first : first + MOST_INSERTED]
        marks = ", ".join(f"({', '.join('?' * len(row))})" for row in part)
        connection.execute(f"insert into {table} values {marks}", [cell for row in part for cell in row])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_other_asia(text: str) -> bool:
    key = plain_key(text)
    return key in ("490", "s19") or "other asia" in key


def _direction(text: str) -> tuple[str]:
    return (FLOWS.get(text.casefold(), text.upper()),)


def _moment(text: str, yearly: bool) -> tuple[int, int, bool] | None:
    """Return first month, number of months and whether month 52 was read, of period, year, month, frequency and period id.

    Parameters
    ----------
    text
        The five, joined.
    yearly
        Whether a period id that begins in January, with nothing beside it, is a year.
    """
    period, year, month, frequency, name = text.split("\x1f")
    month = month.removesuffix(".0")
    whole = month in ("52", "0") or frequency.upper() == "A"
    if period:
        found = read_period(period)
    elif month.isdigit() and not whole:
        found = read_period(f"{year or name[:4]}-{int(month):02}")
    elif whole or not name or (yearly and frequency.upper() != "M"):
        found = read_period(year or name[:4])
    else:
        found = read_period(name)
    return None if found is None else (*found, month == "52")


def no_country(text: str) -> str:
    """Return the message about a text that is no country, with the nearest name that is one."""
    close = nearest_area(text)
    return (
        f"no country; is {close!r} meant?"
        if close
        else "no country; write an ISO code such as KOR, or a name in English"
    )
