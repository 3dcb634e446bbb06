"""What a slip of the pen was meant to be: separators, percentages, dates of other countries, TOML without its marks."""

from __future__ import annotations

import datetime
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
GAPS = "\\s'’_"
"""What may part groups of three digits, beside comma and point: any blank, an apostrophe, a low line."""

GROUPED = {sign: re.compile(rf"[+-]?\d{{1,3}}({part}\d{{3}})+") for sign, part in ((",", ","), (".", r"\."))}
GROUPED[" "] = re.compile(rf"[+-]?\d{{1,3}}([{GAPS}]\d{{3}})+")
WITH_UNIT = re.compile(r"(?P<before>[^\d+.,-]*)(?P<number>[+-]?[\d.,](?:[\d.,\s'’_]*[\d.,])?)(?P<after>[^\d]*)")
MULTIPLES = re.compile(r"(k|m|mn|mio|mln|bn|b|tn|thousand|million|billion|trillion|hundred|dozen)\b.*", re.IGNORECASE)
YEAR_FIRST = re.compile(r"(?P<year>\d{4})[./-](?P<month>\d{1,2})[./-](?P<day>\d{1,2})")
YEAR_LAST = re.compile(r"(?P<first>\d{1,2})(?P<sign>[./-])(?P<second>\d{1,2})[./-](?P<year>\d{4})")
ASSIGNMENT = re.compile(r"\s*(?P<key>[\w.-]+)\s*(?P<sign>[=:])\s*(?P<value>.*?)\s*")
QUOTES = "\"'“”„‟‘’‚«»`"


def number_hint(text: str) -> str | None:
    """Return what to write for a text that was meant as a number, such as ``write 0.9``; None where it is not clear."""
    text = _plain_signs(text)
    if text.endswith("%"):
        share = _unmarked(text[:-1].strip())
        return f"write {_share(share[0])}" if share else None
    meant = _unmarked(text)
    if meant:
        return _written(meant)
    parts = WITH_UNIT.fullmatch(text)
    if parts is None or MULTIPLES.fullmatch(parts["after"].strip()):
        return None
    units = [unit for unit in (parts["before"].strip(), parts["after"].strip()) if unit]
    meant = _unmarked(parts["number"])
    if not meant or len(units) != 1 or not _is_unit(units[0]):
        return None
    return f"{_written(meant[:1])}, without {units[0]!r}"


def _is_unit(text: str) -> bool:
    """Return whether a text can be a unit or a currency, as ``<`` and ``~`` cannot."""
    return any(character.isalpha() or unicodedata.category(character) == "Sc" for character in text)


def date_hint(text: str) -> str | None:
    """Return what to write for a date of another form, such as ``write 2023-08-01``; None where it is not clear."""
    text = text.strip().rstrip(".")
    if found := YEAR_FIRST.fullmatch(text):
        dates = [_date(found["year"], found["month"], found["day"])]
    elif found := YEAR_LAST.fullmatch(text):
        first, second = found["first"], found["second"]
        dates = [_date(found["year"], second, first), _date(found["year"], first, second)]
        # Where points part them, the day comes first.
        if found["sign"] == "." and dates[0]:
            dates = dates[:1]
    else:
        return None
    meant = list(dict.fromkeys(filter(None, dates)))
    return f"write {' or '.join(meant)}, year-month-day" if meant else None


@dataclass(frozen=True)
class Slip:
    """A line of TOML that was meant in another way.

    Attributes
    ----------
    message
        What would be right.
    line
        The line as it was meant; empty where that is not clear.
    """

    message: str
    line: str = ""


def find_slip(line: str) -> Slip | None:
    """Return what a line that is no TOML was meant to be; None where it is not clear."""
    found = ASSIGNMENT.fullmatch(_without_comment(line))
    if found is None or _is_toml(line):
        return None
    key, value = found["key"], found["value"]
    if not value:
        return Slip("write a value after the equal sign, or take the line out")
    if found["sign"] == ":" and _is_toml(f"{key} = {value}"):
        return Slip(f"write {key} = {value}, with an equal sign", f"{key} = {value}")
    return _value_slip(key, value)


def _value_slip(key: str, value: str) -> Slip | None:
    if re.fullmatch(r"[+-]?(0\d+|\.\d+|\d+\.)", value):
        number = str(Decimal(value))
        return Slip(f"write {key} = {number}", _valid(f"{key} = {number}"))
    hint = date_hint(value) or number_hint(value)
    if hint:
        # The first of several readings stands for all in what is checked next.
        meant = re.match(r"write (\S+?)(,? |,?$)", hint)
        assert meant is not None
        line = _valid(f"{key} = {meant[1]}")
        return Slip(hint.replace("write ", f"write {key} = ", 1), line)
    if value.lower() in ("infinity", "unlimited", "+infinity", "∞"):
        return Slip(f"write {key} = inf", f"{key} = inf")
    text = value.strip(QUOTES)
    marks = "straight quotation marks" if value[0] in QUOTES else "quotation marks"
    if text and '"' not in text and "\\" not in text and (value[0] in QUOTES or value[0].isalpha()):
        return Slip(f'write {key} = "{text}", between {marks}', _valid(f'{key} = "{text}"'))
    return None


def _without_comment(line: str) -> str:
    """Return a line without the comment at its end; a ``#`` within quotation marks is none."""
    head = line.partition("#")[0]
    return line if sum(head.count(mark) for mark in '"“”') % 2 else head


def _is_toml(line: str) -> bool:
    try:
        tomllib.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _valid(line: str) -> str:
    return line if _is_toml(line) else ""


def _plain_signs(text: str) -> str:
    return text.strip().replace("−", "-").replace("٪", "%").replace("％", "%")


def _unmarked(text: str) -> tuple[str, ...]:
    """Return the plain decimals that a text with separators may mean, the likelier one first."""
    if PLAIN.fullmatch(text):
        return (text,)
    bare = re.sub(rf"[{GAPS}]", "", text) if GROUPED[" "].match(text) else text
    last = max(bare.rfind(","), bare.rfind("."))
    if last < 0:
        return (bare,) if PLAIN.fullmatch(bare) else ()
    decimal = bare[last]
    other = "." if decimal == "," else ","
    whole, rest = bare[:last], bare[last + 1 :]
    if GROUPED[decimal].fullmatch(bare):
        has_independent_components = bare.replace(decimal, "")
        # One group, as in 1,234, may as well be the digits of a fraction.
        single = bare.count(decimal) == 1 and decimal == ","
        if not single or bare.lstrip("+-").startswith("0"):
            return (has_independent_components,) if not single else (f"{whole}.{rest}",)
        return (has_independent_components, f"{whole}.{rest}")
    if GROUPED[other].fullmatch(whole):
        whole = whole.replace(other, "")
    meant = f"{whole}.{rest}"
    return (meant,) if PLAIN.fullmatch(meant) else ()


def _written(meant: tuple[str, ...]) -> str:
    first = f"write {meant[0]}"
    return first if len(meant) == 1 else f"{first}, or {meant[1]} if the comma is a decimal point"


def _share(text: str) -> str:
    return f"{Decimal(text) / 100:f}".rstrip("0").rstrip(".") or "0"


def _date(year: str, month: str, day: str) -> str | None:
    try:
        return datetime.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
