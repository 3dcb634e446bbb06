"""Figures and names as people read them in a line of text."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

DIGITS = 5
"""Significant digits of the largest figure of a column."""

NO_GAP = 1e-8
"""Relative gap that is the solver's rounding."""

ROUNDING = 1e-4
"""Steps of the last digit shown by which a bound may miss a round figure and still be it."""

# Marks that turn the direction of all text after them; a name must not rearrange the line it stands in.
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def plain(text: object) -> str:
    """Return a name as it can be shown in a line: white space collapsed, control characters and turning marks escaped."""
    shown = str(text)
    if not shown.isprintable():
        shown = "".join(
            character.encode("unicode_escape").decode()
            if character in TURNING or (unicodedata.category(character) in ("Cc", "Cs") and not character.isspace())
            else character
            for character in shown
        )
    return " ".join(shown.split())


def decimals(values: Iterable[float], digits: int = DIGITS) -> int:
    """Return the decimals that show the largest of some figures to so many digits; fewer where only zeros would go."""
    finite = [abs(value) for value in values if math.isfinite(value)]
    largest = max(finite, default=0.0)
    if largest == 0:
        return 0
    places = min(6, max(0, digits - 1 - math.floor(math.log10(largest))))
    while places and all(f"{value:.{places}f}".endswith("0") for value in finite):
        places -= 1
    return places


def number(value: float | None, places: int | None = None) -> str:
    """Return a figure with thousands separated; `places` decimals, by default as many as five digits need."""
    if value is None:
        return "-"
    if math.isinf(value):
        return "none" if value > 0 else "-none"
    if abs(value) >= 1e12:
        return f"{value:.4e}"
    text = f"{value:,.{decimals([value]) if places is None else places}f}"
    # Minus nothing is nothing.
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def rough(value: float | None) -> str:
    """Return a figure to three significant digits, thousands separated: as sure as figures over worlds are."""
    if value is None or value == 0 or not math.isfinite(value):
        return number(value)
    places = _places(value)
    return number(round(value, places), min(6, max(0, places)))


def brief(value: float | None) -> str:
    """Return an exact figure as a sentence bears it: three significant digits, no zeros at the end; files have all digits."""
    text = rough(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def brief_signed(value: float) -> str:
    """Return a difference as `brief` does, with its sign."""
    text = brief(value)
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def brief_bound(value: float | None, *, upper: bool = True) -> str:
    """Return what is proven of all plans to three significant digits, rounded so that it stays true: up, or down."""
    if value is None or value == 0 or not math.isfinite(value):
        return brief(value)
    unit = 10.0 ** -_places(value)
    steps = value / unit
    # A bound that is round up to the solver's rounding stays as it is.
    whole = round(steps)
    if abs(steps - whole) > ROUNDING:
        whole = math.ceil(steps) if upper else math.floor(steps)
    return brief(whole * unit)


def _places(value: float) -> int:
    """Return the decimals of three significant digits, below 0 for tens and more."""
    places = 2 - math.floor(math.log10(abs(value)))
    # 999.6 becomes 1,000, which has a digit more.
    return places - 1 if abs(round(value, places)) >= 10.0 ** (3 - places) else places


def signed(value: float, places: int) -> str:
    """Return a difference with its sign; no sign where it rounds to 0."""
    text = number(value, places)
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def percent(share: float | None, places: int = 1) -> str:
    """Return a share in percent; a share that is only nearly 100% or 0 is not rounded to it."""
    if share is None:
        return "-"
    text = f"{100 * share:.{places}f}"
    edge = 10.0**-places
    if float(text) == 100 and share < 1 - 1e-6:
        text = f"{100 - edge:.{places}f}"
    elif float(text) == 0 and share > 5e-5:
        text = f"<{edge:.{places}f}"
    text = text.removesuffix("." + "0" * places)
    return f"{'0' if text == '-0' else text}%"


def gap(value: float | None) -> str:
    """Return a relative gap in percent, to two digits; one that is rounding alone (`NO_GAP`) is none."""
    if value is None or not math.isfinite(value):
        return "unknown"
    if value < NO_GAP:
        return "0%"
    share = 100 * value
    if share < 1e-3:
        return "below 0.001%"
    if share >= 1000:
        return "over 1,000%"
    return f"{share:.0f}%" if share >= 100 else f"{share:.2g}%"


def seconds(value: float) -> str:
    """Return a duration in words."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    minutes = value / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


ASIDE = re.compile(r"\([^()]*\)")
"""A remark between brackets, whose commas part nothing."""


def _mark(names: Iterable[str]) -> str:
    """Return what parts names in a list: a comma, or a semicolon where one of them holds a comma itself."""
    return ";" if any("," in ASIDE.sub("", name) for name in names) else ","


def listed(names: Iterable[str]) -> str:
    """Return names one after another: ``a, b``; ``a, b; c`` where one holds a comma."""
    shown = [plain(name) for name in names]
    return f"{_mark(shown)} ".join(shown)


def joined(names: Sequence[str]) -> str:
    """Return names as a sentence lists them: ``a, b and c``; ``a, b; and c`` where one holds a comma."""
    if len(names) == 1:
        return names[0]
    mark = _mark(names)
    return f"{f'{mark} '.join(names[:-1])}{'' if mark == ',' else mark} and {names[-1]}"


def joined_few(names: Sequence[str], most: int) -> str:
    """Return names as a sentence lists them, those beyond the first few as a count."""
    if len(names) <= most:
        return joined(names)
    mark = _mark(names[: most - 1])
    return f"{f'{mark} '.join(names[: most - 1])}{'' if mark == ',' else mark} and {len(names) - most + 1} more"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: ``1 lane``, ``2 lanes``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
