"""What a downloaded file is: told by its header, whatever its name."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..schema.errors import Fault, near

COMTRADE, BACI, PLAIN, COUNTRIES, PRODUCTS = "comtrade", "baci", "plain", "countries", "products"

KINDS = {
    COMTRADE: "UN Comtrade",
    BACI: "CEPII BACI",
    PLAIN: "plain table",
    COUNTRIES: "country codes",
    PRODUCTS: "product names",
}
"""What a file may be, in words."""

NAMES: dict[str, dict[str, str]] = {
    COMTRADE: {
        "type": "typeCode type",
        "freq": "freqCode frequency",
        "year": "refYear year",
        "month": "refMonth month",
        "period": "period",
        "period_id": "refPeriodId",
        "reporter_code": "reporterCode",
        "reporter_iso": "reporterISO",
        "reporter": "reporterDesc reporter",
        "flow": "flowCode tradeFlowCode",
        "flow_name": "flowDesc tradeFlow flow",
        "partner_code": "partnerCode",
        "partner_iso": "partnerISO",
        "partner": "partnerDesc partner",
        "partner2": "partner2Code",
        "revision": "classificationCode classification",
        "code": "cmdCode commodityCode",
        "text": "cmdDesc commodity",
        "customs": "customsCode customsProcCode",
        "mos": "mosCode",
        "mot": "motCode modeOfTransportCode",
        "unit_code": "qtyUnitCode",
        "unit": "qtyUnitAbbr qtyUnit",
        "quantity": "qty",
        "weight": "netWgt netWeightKg",
        "weight_estimated": "isNetWgtEstimated",
        "value": "primaryValue tradeValueUS tradeValue",
    },
    BACI: {"year": "t", "exporter": "i", "importer": "j", "code": "k", "value": "v", "quantity": "q"},
    PLAIN: {
        "period": "period month year date time yearmonth refperiod",
        "exporter": "origin exporter from source_country origincountry exportercountry exporteriso3 originiso3",
        "importer": "destination importer to destinationcountry importercountry importeriso3 destinationiso3",
        "code": "item hs hs2 hs4 hs6 hs8 hs10 hscode code product commodity cmdcode k goods",
        "quantity": "quantity qty netweight weight netwgt tonnes tons kg quantityt quantitykg quantitytonnes weightkg weightt",
        "unit": "unit quantityunit qtyunit units",
        "value": "value tradevalue valueusd usd valueusdm valuemusd valueusdk importusdm exportusdm importusd exportusd "
        "usdm valueeur eur valueeurm valuejpy valuejpym valueusdthousand valueusdmillion",
        "text": "description name itemname",
    },
    COUNTRIES: {"code": "countrycode", "iso": "countryiso3 iso3digitalpha", "name": "countryname countrynamefull"},
    PRODUCTS: {"code": "code productcode hs6", "text": "description productdescription"},
}
"""Columns of each layout, by what they hold: header names, of which letters and digits count, in any case."""

NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    COMTRADE: (
        ("period", "year", "period_id"),
        ("reporter_code", "reporter_iso", "reporter"),
        ("partner_code", "partner_iso", "partner"),
        ("flow", "flow_name"),
        ("code",),
        ("value",),
    ),
    BACI: (("year",), ("exporter",), ("importer",), ("code",), ("value",)),
    PLAIN: (("period",), ("exporter", "importer"), ("code",), ("value", "quantity")),
    COUNTRIES: (("code",), ("name", "iso")),
    PRODUCTS: (("code",), ("text",)),
}
"""Of every group one column at least must be there."""

SEPARATORS = (",", ";", "\t", "|")
SCALES = {"thousand": 1e3, "k": 1e3, "m": 1e6, "million": 1e6, "mn": 1e6, "bn": 1e9, "billion": 1e9}
CURRENCY = re.compile(r"(?:^|[^a-z])(usd|eur|jpy|krw|cny|gbp|us\$|\$)(?:$|[^a-z])")
WEIGHTS = {"kg": 1.0, "t": 1e3, "tonnes": 1e3, "tons": 1e3, "g": 1e-3}
"""Kilograms of a unit of weight, as the name of a column may say it."""


@dataclass(frozen=True)
class Layout:
    """How to read a file.

    Attributes
    ----------
    path
        The file; a member of an archive is there as a file of its own.
    shown
        Its name in messages.
    kind
        `COMTRADE`, `BACI`, `PLAIN`, `COUNTRIES` or `PRODUCTS`.
    header
        The names of its columns, as written.
    columns
        What is in which column: the header's name by the names of `NAMES`.
    width
        Cells of a row; one more than the header has where rows end in a separator.
    separator, encoding, line
        How it is written; the line the header stands in, counted from 1.
    scale
        Money per unit of the column of values.
    currency
        What the column of values counts, as far as its name tells: ``USD`` or an empty text.
    weight
        Kilograms of a unit of the column of quantities, where its name tells; else None.
    """

    path: Path
    shown: str
    kind: str
    header: tuple[str, ...]
    columns: Mapping[str, str]
    width: int
    separator: str = ","
    encoding: str = "utf-8"
    line: int = 1
    scale: float = 1.0
    currency: str = ""
    weight: float | None = None


class Unknown(Exception):
    """A file that is no trade statistics: the fault."""

    def __init__(self, fault: Fault):
        super().__init__(str(fault))
        self.fault = fault


def simple(name: str) -> str:
    """Return a header's name in lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def sniff(path: Path, shown: str) -> Layout:
    """Return how to read a file, told by its first lines.

    Parameters
    ----------
    path
        A text file, also one compressed by gzip.
    shown
        Its name in messages.

    Raises
    ------
    Unknown
        With the fault, for a file that is none of the layouts.
    """
    text, encoding = _beginning(path, shown)
    lines = text.splitlines()
    if not any(line.strip() for line in lines):
        raise Unknown(Fault(shown, "empty; the first row names the columns"))
    place = next(number for number, line in enumerate(lines) if line.strip())
    separator = max(SEPARATORS, key=lines[place].count)
    rows = list(csv.reader(io.StringIO("\n".join(lines[place : place + 3])), delimiter=separator))
    header = tuple(name.strip() for name in rows[0])
    while header and not header[-1]:
        header = header[:-1]
    width = max(len(header), *(len(row) for row in rows[1:2] if not any(row[len(header) :])), 0)
    kind, columns = _judge(header, shown, place + 1)
    value = columns.get("value", "")
    quantity = simple(columns.get("quantity", "")).removeprefix("quantity").removeprefix("weight")
    return Layout(
        path,
        shown,
        kind,
        header,
        columns,
        width,
        separator,
        encoding,
        place + 1,
        _scale(value) if kind == PLAIN else 1e3 if kind == BACI else 1.0,
        currency_of(value) if kind == PLAIN else "USD",
        WEIGHTS.get(quantity) if kind == PLAIN else None,
    )


def _beginning(path: Path, shown: str) -> tuple[str, str]:
    """Return the first lines of a file and how it is encoded."""
    try:
        with path.open("rb") as file:
            start = file.read(65536)
        if start.startswith(b"\x1f\x8b"):
            with gzip.open(path, "rb") as unpacked:
                start = unpacked.read(65536)
    except (OSError, EOFError) as error:
        raise Unknown(Fault(shown, f"cannot be read: {getattr(error, 'strerror', None) or error}")) from None
    if start.startswith(b"PK\x03\x04"):
        raise Unknown(
            Fault(shown, "a workbook or an archive; save it as CSV, or give the .zip file as it was downloaded")
        )
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return start.decode("utf-16", "replace"), "utf-16"
    if b"\0" in start:
        raise Unknown(Fault(shown, "binary content; download it as CSV"))
    if start.lstrip().startswith((b"<!DOCTYPE", b"<html", b"<!doctype")):
        raise Unknown(Fault(shown, "a web page, not data; log in at the source and download it again"))
    encoding = _encoding(path)
    # A character may be cut in two at the end.
    whole = start[: start.rfind(b"\n") + 1 or len(start)]
    return whole.decode("utf-8-sig" if encoding == "utf-8" else encoding), encoding


def _encoding(path: Path) -> str:
    """Return whether a file is UTF-8, to its last byte: the first accent may stand in its last row."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    opened: Callable[..., Any] = gzip.open if packed else open
    with opened(path, "rb") as file:
        try:
            while chunk := file.read(1 << 20):
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


def _judge(header: Sequence[str], shown: str, line: int) -> tuple[str, dict[str, str]]:
    doubled = next((name for place, name in enumerate(header) if name in header[:place]), None)
    if doubled:
        raise Unknown(Fault(shown, "names two columns; rename or remove one of them", line, doubled))
    found = {kind: _columns(header, kind) for kind in NAMES}
    for kind in (COMTRADE, BACI, COUNTRIES, PLAIN, PRODUCTS):
        if not _missing(found[kind], kind):
            return kind, found[kind]
    # What comes nearest tells what is missing.
    likely = max((COMTRADE, BACI, PLAIN), key=lambda kind: len(found[kind]) / len(NEEDED[kind]))
    if len(found[likely]) < 2:
        listed = ", ".join(header[:8]) + (", ..." if len(header) > 8 else "")
        message = (
            f"no trade statistics: the first row names {listed}; it must name the columns of UN Comtrade (period, "
            "reporterCode, partnerCode, flowCode, cmdCode, primaryValue), of BACI (t, i, j, k, v, q), or of a plain table "
            "(month or year, origin, destination, item, quantity, unit, value)"
        )
        raise Unknown(Fault(shown, message, line))
    group = _missing(found[likely], likely)[0]
    names = [NAMES[likely][name].split()[0] for name in group]
    close = near(names[0], header, cutoff=0.7)
    hint = f"; is {close!r} meant? rename it" if close else ""
    message = f"missing column; a file of {KINDS[likely]} needs {' or '.join(names)}{hint}"
    raise Unknown(Fault(shown, message, line, names[0]))


def _columns(header: Sequence[str], kind: str) -> dict[str, str]:
    known = {name: column for column, names in NAMES[kind].items() for name in map(simple, names.split())}
    found: dict[str, str] = {}
    for name in header:
        column = known.get(simple(name))
        if column is not None and (
            column not in found or _rank(kind, column, name) < _rank(kind, column, found[column])
        ):
            found[column] = name
    return found


def _rank(kind: str, column: str, name: str) -> int:
    return [simple(each) for each in NAMES[kind][column].split()].index(simple(name))


def _missing(found: Mapping[str, str], kind: str) -> list[tuple[str, ...]]:
    return [group for group in NEEDED[kind] if not any(name in found for name in group)]


def _scale(name: str) -> float:
    words = re.split(r"[^a-z]+", name.casefold())
    return next((SCALES[word] for word in reversed(words) if word in SCALES), 1e6 if "musd" in words else 1.0)


def currency_of(text: str) -> str:
    """Return the currency that a text names, as ISO has it; an empty text where it names none."""
    found = CURRENCY.search(text.casefold().replace("_", " "))
    if found is None:
        return "USD" if "usd" in text.casefold() else ""
    return "USD" if found[1] in ("usd", "us$", "$") else found[1].upper()
