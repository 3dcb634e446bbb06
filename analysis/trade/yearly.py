"""Flows of a period as amounts per year, at one level of the Harmonized System."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...data import Fault
from ...data.trade import UNSPECIFIED, WORLD, Statistics, TradeError
from ...data.trade.layouts import BACI

LEVELS = (2, 4, 6)
"""Digits of an HS code that statistics are compared at."""

NO_REST = 1e-9
"""Share of a world total below which what its parts leave is rounding."""


@dataclass(frozen=True)
class Period:
    """What amounts per year are taken from.

    Attributes
    ----------
    first, last
        First and last month, as year * 100 + month.
    words
        The period for people.
    """

    first: int
    last: int
    words: str


@dataclass
class Yearly:
    """Flows of a period, per year; the tables are in the database of the statistics.

    Attributes
    ----------
    statistics
        The statistics. Their database has the table (or view) ``yearly``: exporter, importer, code, value, quantity, paired
        (value of what has a quantity), all per year, unspecified areas and what world totals leave among them.
    period
        What they are taken from.
    digits
        Digits of the codes; None where items are no codes.
    """

    statistics: Statistics
    period: Period
    digits: int | None


def prepare(
    statistics: Statistics, importers: Sequence[str], years: tuple[int, int] | None = None, digits: int | None = None
) -> Yearly:
    """Bring flows to amounts per year at one level of the HS.

    Parameters
    ----------
    statistics
        The statistics.
    importers
        Whose imports must be there: the latest year that has them is taken where no years are given.
    years
        First and last year; amounts are means over them.
    digits
        2, 4 or 6; by default the finest that is there, up to 6.

    Raises
    ------
    TradeError
        Where nothing is there for these years, importers or digits.
    """
    digits = _digits(statistics, digits)
    period = _period(statistics, importers, years)
    _pick(statistics, period, simple=statistics.kind == BACI)
    _roll_up(statistics, period, digits, simple=statistics.kind == BACI)
    return Yearly(statistics, period, digits)


def per_year(column: str) -> str:
    """Return the SQL of an amount per year: a mean of years where there are rows of whole years, else of months, times 12."""
    parts = [
        f"sum({column}) filter (months = {months}) * {12 // months} / nullif(count(distinct start) filter (months = {months}), 0)"
        for months in (12, 1)
    ]
    return f"coalesce({', '.join(parts)})"


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def _digits(statistics: Statistics, digits: int | None) -> int | None:
    lengths = [
        row[0]
        for row in statistics.rows(
            "select distinct length(code) from units where regexp_full_match(code, '[0-9]{2,}') order by 1"
        )
    ]
    if not lengths:
        if digits is not None:
            raise TradeError(
                [Fault("--digits", "the items of the data are no HS codes; leave it out", value=str(digits))]
            )
        return None
    finest = max(level for level in LEVELS if level <= max(lengths))
    if digits is None:
        return finest
    if digits > max(lengths):
        raise TradeError(
            [Fault("--digits", f"the data have codes of {max(lengths)} digits at most", value=str(digits))]
        )
    return digits


def _period(statistics: Statistics, importers: Sequence[str], years: tuple[int, int] | None) -> Period:
    if years is not None:
        first, last = 100 * years[0] + 1, 100 * years[1] + 12
        found = statistics.rows("select 1 from flows where start between ? and ? limit 1", [first, last])
        if not found:
            had = statistics.rows("select min(start // 100), max(start // 100) from flows")[0]
            span = f"{had[0]}" if had[0] == had[1] else f"{had[0]} to {had[1]}"
            text = f"{years[0]}" if years[0] == years[1] else f"{years[0]}-{years[1]}"
            raise TradeError([Fault("--year", f"the data are of {span}", value=text)])
        words = f"{years[0]}" if years[0] == years[1] else f"mean of {years[0]} to {years[1]}"
        return Period(first, last, words)
    latest = f"select max(start) from flows where importer in ({_listed(importers)}) and months = "
    year = statistics.rows(f"{latest} 12")[0][0]
    month = statistics.rows(f"{latest} 1")[0][0]
    if year is not None:
        return Period(year, year // 100 * 100 + 12, str(year // 100))
    if month is None:
        # Of whom nothing is imported, the latest of all serves.
        year, month = statistics.rows(
            "select max(start) filter (months = 12), max(start) filter (months = 1) from flows"
        )[0]
        if year is not None:
            return Period(year, year // 100 * 100 + 12, str(year // 100))
    earliest = statistics.rows("select min(start) from flows where months = 1")[0][0]
    first = max(_year_before(month), earliest)
    return Period(first, month, f"{_month(first)} to {_month(month)}")


def _year_before(month: int) -> int:
    """Return the month that begins the twelve that end with a month."""
    return month - 11 if month % 100 == 12 else month - 99


def _month(month: int) -> str:
    return f"{month // 100}-{month % 100:02}"


def _pick(statistics: Statistics, period: Period, *, simple: bool) -> None:
    """Make ``picked``: amounts per year of a period; months where their year is not there."""
    within = f"start between {period.first} and {period.last}"
    run = statistics.connection.execute
    for name, kind in statistics.rows(
        "select table_name, table_type from information_schema.tables where table_name in ('picked', 'yearly')"
    ):
        run(f"drop {'view' if kind == 'VIEW' else 'table'} {name}")
    years = statistics.rows(f"select count(distinct start // 100) from flows where {within}")[0][0]
    if simple:
        run(
            f"""create view picked as select exporter, importer, code, value / {years} as value, quantity / {years} as quantity,
            paired / {years} as paired from flows where {within}"""
        )
        return
    # The last twelve months are one year, across the turn of the year.
    whole = period.last - period.first >= 100 or period.first % 100 == 1
    group = "start // 100" if whole else "0"
    run(
        f"""create or replace temp table counts as select {group} as year, count(distinct start) as n from flows
        where months = 1 and {within} group by 1"""
    )
    run(
        f"""create or replace temp table chosen as
        with annual as (select * from flows where months = 12 and {within}),
        monthly as (select * from flows f where months = 1 and {within} and not exists (select 1 from annual a where
            a.exporter = f.exporter and a.importer = f.importer and a.code = f.code and a.start // 100 = f.start // 100))
        select exporter, importer, code, start // 100 as year, 1.0 as factor, value, quantity, paired from annual
        union all select exporter, importer, code, c.year, 12.0 / c.n, value, quantity, paired
        from monthly m join counts c on {group.replace("start", "m.start")} = c.year"""
    )
    used, taken = statistics.rows("select count(*), sum(value) from chosen")[0]
    there, value = statistics.rows(f"select count(*), sum(value) from flows where {within}")[0]
    if used < there:
        statistics.ledger.add("months", there - used, None if value is None else value - (taken or 0.0))
    partial = [row for row in statistics.rows("select year, n from counts order by year") if row[1] < 12]
    for year, months in partial:
        rows, value = statistics.rows("select count(*), sum(value) from chosen where year = ? and factor > 1", [year])[
            0
        ]
        statistics.ledger.add("partial", rows, value, f"{months} months of {year or period.words}")
    if not whole:
        years = 1
    run(
        f"""create table picked as select exporter, importer, code, sum(value * factor) / {years} as value,
        sum(quantity * factor) / {years} as quantity, sum(paired * factor) / {years} as paired
        from chosen group by exporter, importer, code order by code, exporter, importer"""
    )


def _roll_up(statistics: Statistics, period: Period, digits: int | None, *, simple: bool) -> None:
    """Make ``yearly``: codes brought to one level, world totals replaced by what they hold beyond their parts."""
    run = statistics.connection.execute
    if simple:
        if digits == 6:
            run("create view yearly as select * from picked")
        else:
            run(
                f"""create table yearly as select exporter, importer, left(code, {digits}) as code, sum(value) as value,
                sum(quantity) as quantity, sum(paired) as paired from picked group by 1, 2, 3"""
            )
        return
    if digits is not None:
        _to_level(statistics, period, digits)
    run(
        f"""create table yearly as
        with parts as (select * from picked where exporter <> '{WORLD}' and importer <> '{WORLD}'),
        rests as (
            {_rest("exporter", "importer")} union all {_rest("importer", "exporter")})
        select exporter, importer, code, sum(value) as value, sum(quantity) as quantity, sum(paired) as paired from (
            select * from parts union all select exporter, importer, code, value, quantity, paired from rests)
        group by all order by code, exporter, importer"""
    )


def _rest(side: str, other: str) -> str:
    """Return the SQL of what the total over all partners of one side holds beyond the partners that are there."""

    def beyond(name: str) -> str:
        return f"if(w.{name} - coalesce(p.{name}, 0) > {NO_REST} * w.{name}, w.{name} - coalesce(p.{name}, 0), null)"

    # Where a partner's quantity is missing, what the quantities leave is no quantity of the rest.
    units = f"if(coalesce(p.whole, true), {beyond('quantity')}, null)"
    sides = {side: f"w.{side}", other: f"'{UNSPECIFIED}'"}
    chosen = ", ".join(f"{sides[name]} as {name}" for name in ("exporter", "importer"))
    return f"""select {chosen}, w.code, {beyond("value")} as value, {units} as quantity,
        if({units} is null, null, {beyond("value")}) as paired
        from (select * from picked where {other} = '{WORLD}' and {side} <> '{WORLD}') w left join
        (select {side}, code, sum(value) as value, sum(quantity) as quantity,
        bool_and(quantity is not null) as whole from parts group by all) p
        on w.{side} = p.{side} and w.code = p.code
        where {beyond("value")} is not null or {units} is not null"""


def _to_level(statistics: Statistics, period: Period, digits: int) -> None:
    """Bring ``picked`` to one level: a code as it is reported there, else the sum of the finer ones."""
    run = statistics.connection.execute
    hs = "regexp_full_match(code, '[0-9]{2,}')"
    lengths = [
        row[0] for row in statistics.rows(f"select distinct length(code) from picked where {hs} order by 1 desc")
    ]
    within = f"start between {period.first} and {period.last}"
    coarser = f"{hs} and length(code) < {digits}"
    rows, value = statistics.rows(f"select count(*), sum(value) from flows where {within} and {coarser}")[0]
    statistics.ledger.add("levels", rows, value, f"coarser than {digits} digits")
    run(f"delete from picked where {coarser}")
    levels = [length for length in lengths if length >= digits]
    # From the finest on, each level is what is reported there and what only finer codes report.
    for fine, coarse in zip(levels, [*levels[1:], digits], strict=False):
        if fine == coarse:
            continue
        units = "(select p.*, u.unit from picked p join units u using (code))"
        twice = f"""{hs} and length(code) = {fine} and exists (select 1 from picked o where o.exporter = picked.exporter and
            o.importer = picked.importer and o.code = left(picked.code, {coarse}))"""
        rows, value = statistics.rows(
            f"""select count(*), sum(value) from flows semi join (select exporter, importer, code from picked where {twice})
            using (exporter, importer, code) where {within}"""
        )[0]
        statistics.ledger.add("levels", rows, value, f"finer than codes of {coarse} digits beside them")
        run(f"delete from picked where {twice}")
        run(
            f"""insert into units with named as (select left(code, {coarse}) as code, unit, sum(coalesce(value, 0)) as value
            from {units} where {hs} and length(code) = {fine} group by 1, 2)
            select code, unit from named where code not in (select code from units)
            qualify row_number() over (partition by code order by value desc, unit) = 1"""
        )
        run(
            f"""create or replace temp table rolled as select p.exporter, p.importer, left(p.code, {coarse}) as code,
            sum(p.value) as value, sum(p.quantity) filter (u.unit = t.unit) as quantity,
            sum(p.paired) filter (u.unit = t.unit) as paired
            from picked p join units u on p.code = u.code join units t on t.code = left(p.code, {coarse})
            where regexp_full_match(p.code, '[0-9]{{2,}}') and length(p.code) = {fine} group by 1, 2, 3"""
        )
        run(f"delete from picked where {hs} and length(code) = {fine}")
        run("insert into picked select * from rolled")
