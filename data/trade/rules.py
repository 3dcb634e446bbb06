"""What is dropped and mended before trade statistics are added up: every rule, declared once."""

from __future__ import annotations

from dataclasses import dataclass

DROPPED, MENDED, KEPT = "dropped", "mended", "kept"


@dataclass(frozen=True)
class Rule:
    """A rule: what it is called, what it does, the sentence that the report and the docs show."""

    id: str
    action: str
    title: str
    sentence: str


@dataclass(frozen=True)
class Treatment:
    """How often a rule was applied.

    Attributes
    ----------
    rule
        The rule.
    rows
        Rows it touched.
    value
        Money in these rows, in the currency of the data; None where they carry none.
    detail
        What exactly was met, in a few words.
    """

    rule: Rule
    rows: int
    value: float | None
    detail: str = ""


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("services", DROPPED, "services", "Rows of trade in services (typeCode S) are no goods."),
        Rule(
            "classification",
            DROPPED,
            "other classifications",
            "Rows of SITC or BEC repeat the same goods under other codes; only the Harmonized System (HS) is read.",
        ),
        Rule(
            "flows",
            DROPPED,
            "re-exports and other part flows",
            "Re-exports, re-imports, processing and domestic exports are parts of exports (X) and imports (M) and are not "
            "added to them. Reported re-exports are taken off what a substitute can spare.",
        ),
        Rule(
            "splits",
            DROPPED,
            "parts of a total",
            "Rows that split a flow by second partner, customs procedure, mode of supply or mode of transport (partner2Code, "
            "customsCode, mosCode, motCode) are parts of the row of all of them (0, C00) and are not added to it.",
        ),
        Rule(
            "split-only",
            MENDED,
            "parts without a total",
            "Where a flow has only parts and no row of all of them, the parts are added up.",
        ),
        Rule(
            "repeated",
            DROPPED,
            "repeated rows",
            "A row that repeats another one, key by key, counts once; the last is taken.",
        ),
        Rule(
            "revisions",
            DROPPED,
            "older HS revisions",
            "Where a reporter's period comes in several revisions of the HS, only the newest is taken.",
        ),
        Rule(
            "groups",
            DROPPED,
            "groups of countries",
            "Rows of the European Union and other groups repeat their members' trade.",
        ),
        Rule(
            "self", DROPPED, "own goods coming back", "Trade of a country with itself makes nobody depend on anybody."
        ),
        Rule(
            "goods",
            DROPPED,
            "codes that name no goods",
            "Totals of all goods (TOTAL, AG2, ...) and confidential codes (such as 9999AA) are not added to goods. The total of "
            "all goods serves as the expenditure that losses are related to.",
        ),
        Rule(
            "mirror",
            DROPPED,
            "second reports of one flow",
            "A flow that importer and exporter report counts once, as the importer reports it: importers check origin and value "
            "for duties, and what arrives is what they can miss.",
        ),
        Rule(
            "exporter",
            MENDED,
            "exporters' reports",
            "Where the importer reports nothing, neither the flow nor its total of all partners, the exporter's report stands "
            "in. It is valued free on board and is raised to what the importer pays, by the factor cif_fob.",
        ),
        Rule(
            "taiwan",
            MENDED,
            "Other Asia, nes",
            "Partner 490, Other Asia not elsewhere specified, is Taiwan, whose trade the UN publishes under that name.",
        ),
        Rule(
            "codes",
            MENDED,
            "Comtrade's own country numbers",
            "Numbers that differ from ISO 3166 (251 France, 381 Italy, 579 Norway, 699 India, 757 Switzerland, 842 United "
            "States) stand for these countries.",
        ),
        Rule(
            "unspecified",
            KEPT,
            "unspecified areas",
            "Areas not elsewhere specified, bunkers, free zones and unknown numbers stay in every total and are nobody's share "
            "and nobody's substitute.",
        ),
        Rule(
            "world",
            KEPT,
            "world totals",
            "A total of all partners is not added to its parts. What it holds beyond them counts as unspecified areas.",
        ),
        Rule("annual", MENDED, "periods of month 52", "Month 52 (or 0) of a year is the whole year."),
        Rule(
            "months",
            DROPPED,
            "months beside their year",
            "Where a flow has a row of the year and rows of its months, the year counts; months tell the spread.",
        ),
        Rule(
            "spans",
            MENDED,
            "rows over several months",
            "A quarter, half-year or range of months is spread evenly over its months where none of them has a row of its own.",
        ),
        Rule(
            "covered",
            DROPPED,
            "rows over months that are there",
            "A quarter, half-year or range of months repeats months that have rows of their own.",
        ),
        Rule(
            "partial",
            MENDED,
            "years of fewer months",
            "A year of which the data have only some months is raised to twelve.",
        ),
        Rule(
            "zeros",
            MENDED,
            "leading zeros",
            "Codes of one, three or five digits have lost their leading zero and get it back.",
        ),
        Rule(
            "levels",
            DROPPED,
            "other levels of the HS",
            "A code is taken as it is reported at the level looked at; finer codes are added up only where it is not. Coarser "
            "codes cannot be split.",
        ),
        Rule(
            "quantity",
            KEPT,
            "missing quantities",
            "Values without a quantity count as value; unit values are those of the rows that have both.",
        ),
        Rule(
            "units",
            DROPPED,
            "quantities in other units",
            "A code is counted in kilograms where at least half of its value has a weight, else in the unit that most of its value "
            "has; other units cannot be added and count as missing.",
        ),
        Rule(
            "places",
            DROPPED,
            "rows without origin or destination",
            "A row that names no origin or no destination is no flow.",
        ),
        Rule("percent", DROPPED, "changes and shares", "Quantities in percent are changes or shares, not flows."),
        Rule(
            "money",
            MENDED,
            "values written as text",
            "Values such as `USD 103.7 m` are read with their unit; a bare number beside them is in the same currency.",
        ),
        Rule("empty", DROPPED, "rows without a figure", "A row with neither quantity nor value says nothing."),
    )
}
"""Every rule by its id, in the order of the report."""


class Ledger:
    """Counts what rules do."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[int, float | None, str]]] = {}

    def add(self, rule: str, rows: int, value: float | None = None, detail: str = "") -> None:
        """Count rows that a rule touched; no rows leave no trace."""
        if rows:
            self._found.setdefault(RULES[rule].id, []).append((int(rows), value, detail))

    @property
    def treatments(self) -> tuple[Treatment, ...]:
        """What rules did, in the order of their declaration."""
        found = []
        for rule in RULES.values():
            entries = self._found.get(rule.id, [])
            if not entries:
                continue
            values = [value for _, value, _ in entries if value is not None]
            details = dict.fromkeys(detail for _, _, detail in entries if detail)
            total = sum(values) if values else None
            found.append(Treatment(rule, sum(rows for rows, _, _ in entries), total, "; ".join(details)))
        return tuple(found)
