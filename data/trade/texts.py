"""Periods, codes, units and sums of money as trade statistics write them."""

from __future__ import annotations

import re
from calendar import month_name

from .layouts import SCALES, currency_of

YEAR_MONTHS = 12
MONTHS = {
    name: place for place, full in enumerate(month_name) for name in (full.casefold(), full[:3].casefold()) if full
} | {"sept": 9}
"""Months by their names in English."""

SPAN = re.compile(r"(\d{4})-?(\d{2})\s*(?:\.\.|to|–|/)\s*(?:(\d{4})-?)?(\d{2})")
PART = re.compile(r"(\d{4})[- ]?([qh])([1-4])")
LEADING = re.compile(r"\bhs\s*(?:code)?\s*:?\s*(\d{4,12})\b", re.IGNORECASE)
MONEY = re.compile(r"(?P<before>[^\d.+-]*)(?P<figure>[\d.,]+)\s*(?P<after>.*)")

UNIT_CODES = {
    "2": "m2", "3": "1000 kWh", "4": "m", "5": "u", "6": "2u", "7": "l", "8": "kg", "9": "1000u", "10": "u jeu/pack",
    "11": "12u", "12": "m3", "13": "carat",
}  # fmt: skip
"""Comtrade's numbers of quantity units; -1 and 1 mean that there is none."""

KILOGRAMS = {
    "kg": 1.0, "kgs": 1.0, "kilogram": 1.0, "kilograms": 1.0, "weight in kilograms": 1.0, "kilo": 1.0,
    "t": 1e3, "mt": 1e3, "ton": 1e3, "tons": 1e3, "tonne": 1e3, "tonnes": 1e3, "metric ton": 1e3, "metric tons": 1e3,
    "1000 kg": 1e3, "kt": 1e6, "1000 t": 1e6, "thousand tonnes": 1e6, "g": 1e-3, "gram": 1e-3, "grams": 1e-3,
    "lb": 0.45359237, "lbs": 0.45359237, "pound": 0.45359237, "pounds": 0.45359237,
}  # fmt: skip
"""Kilograms of each unit of weight."""


def read_period(text: str) -> tuple[int, int] | None:
    """Return the first month of a period, as year * 100 + month, and how many months it has; None where it is none.

    A month, a year, a quarter, a half-year or a range of months: ``2024-03``, ``202403``, ``2024``, ``2024-Q1``, ``2024-H1``,
    ``2024-01..02``, ``Mar 2024``; a day counts as its month.
    """
    text = text.strip().casefold().removesuffix(".0")
    if re.fullmatch(r"\d{4}", text):
        return _checked(int(text), 1, YEAR_MONTHS)
    if found := re.fullmatch(r"(\d{4})(?:[-/.](\d{1,2})|(\d{2}))(?:[-/.]\d{1,2}(?:[t ].*)?)?", text):
        return _checked(int(found[1]), int(found[2] or found[3]), 1)
    if found := re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text):
        return _checked(int(found[1]), int(found[2]), 1)
    if found := PART.fullmatch(text):
        length = 3 if found[2] == "q" else 6
        return _checked(int(found[1]), length * (int(found[3]) - 1) + 1, length)
    if found := SPAN.fullmatch(text):
        first = 12 * int(found[1]) + int(found[2]) - 1
        last = 12 * int(found[3] or found[1]) + int(found[4]) - 1
        return (
            _checked(int(found[1]), int(found[2]), last - first + 1) if last >= first and int(found[4]) <= 12 else None
        )
    if found := re.fullmatch(r"([a-z]+)\.?[- ,]*(\d{4})", text) or re.fullmatch(r"(\d{4})[- ,]*([a-z]+)\.?", text):
        name, year = (found[1], found[2]) if found[1].isalpha() else (found[2], found[1])
        return _checked(int(year), MONTHS[name], 1) if name in MONTHS else None
    return None


def _checked(year: int, month: int, months: int) -> tuple[int, int] | None:
    return (100 * year + month, months) if 1900 <= year <= 2100 and 1 <= month <= 12 else None


def months_of(start: int, count: int) -> list[int]:
    """Return the months of a period, each as year * 100 + month."""
    first = 12 * (start // 100) + start % 100 - 1
    return [100 * (month // 12) + month % 12 + 1 for month in range(first, first + count)]


def read_code(text: str) -> tuple[str, str, bool]:
    """Return the code of an item, its name where the text holds one, and whether a leading zero was put back.

    Digits are an HS code; a text that names one (``photoresist HS3707901010``) has it as its code; any other text is a code
    of its own.
    """
    text = " ".join(text.split()).removesuffix(".0")
    digits = re.sub(r"[.\s]", "", text)
    if digits.isdigit() and digits.isascii() and len(digits) <= 12:
        # Two digits at least, and an even number of them: a chapter below 10 begins with a zero.
        short = len(digits) % 2 == 1 and len(digits) < 10
        return (f"0{digits}" if short else digits), "", short
    if found := LEADING.search(text):
        name = (text[: found.start()] + text[found.end() :]).strip(" ()[],;:-")
        return found[1], name, False
    return text.replace("/", "-"), text, False


def read_unit(text: str) -> tuple[str, float | None]:
    """Return the name of a unit and, of a weight, its kilograms; empty where there is none."""
    name = " ".join(text.casefold().split())
    name = UNIT_CODES.get(name, name)
    if name in ("", "-1", "1", "0", "n/a", "na", "no quantity"):
        return "", None
    if name in KILOGRAMS:
        return "kg", KILOGRAMS[name]
    return name, None


def is_change(unit: str) -> bool:
    """Return whether a unit says that a figure is a change, a share, a price or a time: no flow."""
    name = unit.casefold()
    return bool(re.search(r"%|percent|/\s*(t|kg|month)\b", name)) or bool(
        re.match(r"(days?|weeks?|usd|eur|cny|jpy)\b", name)
    )


def read_money(text: str) -> tuple[float, str] | None:
    """Return a sum of money written as text, such as ``USD 103.7 m``, and its currency; None where it is none."""
    found = MONEY.fullmatch(text.strip())
    if found is None:
        return None
    around = f"{found['before']} {found['after']}".casefold()
    words = re.split(r"[^a-z]+", around)
    known = {*SCALES, "usd", "us", "eur", "jpy", "krw", "cny", "gbp", ""}
    if not set(words) <= known or not currency_of(around):
        return None
    try:
        figure = float(
            found["figure"].replace(",", "")
            if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", found["figure"])
            else found["figure"]
        )
    except ValueError:
        return None
    scale = next((SCALES[word] for word in words if word in SCALES), 1.0)
    return figure * scale, currency_of(around)
