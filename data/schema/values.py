"""What a cell of a case can hold: texts, numbers, weeks and dates, each read and checked."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from .slips import date_hint, number_hint

PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
MOST_WEEKS = 1_000_000
LONGEST_HORIZON = 5_200

PROBABILITY_ROUNDING = 1e-9
"""What a sum of probabilities is off by for its rounding alone."""


def refuse(message: str) -> PydanticCustomError:
    """Return the error a validator raises; its text is shown to the planner as it stands."""
    return PydanticCustomError("fault", "{message}", {"message": message})


def _number(value: Any, infinite: bool = False) -> float:
    """Read a plain decimal; `inf` only where the column allows it."""
    if isinstance(value, datetime.date):
        raise refuse("a date, not a number; format the cell as a number")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        value = _decimal(str(value).strip())
    try:
        number = float(value)
    except OverflowError:
        raise refuse("too large for a number") from None
    if math.isnan(number):
        raise refuse("not a number; write a plain decimal such as 12.5")
    if math.isinf(number) and not (infinite and number > 0):
        raise refuse("not finite; write a plain decimal such as 12.5")
    # -0.0 would make two equal cases differ.
    return number + 0.0


def _decimal(text: str) -> float:
    if text.lower() in ("inf", "+inf", "-inf", "infinity", "nan"):
        return float(text)
    if not PLAIN_NUMBER.fullmatch(text):
        hint = number_hint(text) or "write a plain decimal such as 12.5, without separators or units"
        raise refuse(f"not a number; {hint}")
    if math.isinf(float(text)):
        raise refuse("too large for a number")
    return float(text)


def _finite(value: Any) -> float:
    return _number(value)


def _extended(value: Any) -> float:
    return _number(value, infinite=True)


def _not_negative(value: float) -> float:
    if value < 0:
        raise refuse("negative; must be 0 or more")
    return value


def _share(value: float) -> float:
    if 2 <= value <= 100:
        raise refuse(f"not a share; must lie between 0 and 1: {value:g} % is {value / 100:g}")
    if not 0 <= value <= 1:
        raise refuse("not a share; must lie between 0 and 1")
    return value


def _week(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise refuse("not a whole number of weeks")
    if number < 0:
        raise refuse("negative; weeks count from 0")
    if number > MOST_WEEKS:
        raise refuse(f"more than {MOST_WEEKS} weeks")
    return int(number)


def _text(value: Any) -> str:
    """Read text as it can be written to every kind of file."""
    if isinstance(value, (dict, list, tuple, set)):
        raise refuse("not a single value")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        value = value.date()
    text = str(value).replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text.isprintable() and any(map(_unwritable, text)):
        raise refuse("holds a control character; retype it")
    return text


def _unwritable(character: str) -> bool:
    return character not in "\n\t" and (unicodedata.category(character) in ("Cc", "Cs") or character in "\ufffe\uffff")


def _identifier(value: str) -> str:
    if not value:
        raise refuse("empty; an id is needed")
    if "/" in value or "\n" in value:
        raise refuse("an id may hold any text but '/' and a line break")
    return _composed(value)


def _composed(value: str) -> str:
    # The same word typed on two systems must be the same id.
    return unicodedata.normalize("NFC", value)


@dataclass(frozen=True)
class Delay:
    """A distribution of review delays, as written and as read.

    Attributes
    ----------
    text
        As the case writes it: ``8`` or ``4:0.5;12:0.5``.
    weights : tuple of (int, float)
        (weeks, share) with shares that sum to 1, in ascending order of weeks.
    """

    text: str
    weights: tuple[tuple[int, float], ...]

    def __str__(self) -> str:
        """Return the distribution as written."""
        return self.text

    @property
    def mean(self) -> float:
        """Mean delay in weeks."""
        return sum(lag * share for lag, share in self.weights)


def _delay(value: Any) -> Delay:
    if isinstance(value, Delay):
        return value
    text = _text(value)
    weights: dict[int, float] = {}
    for part in text.split(";"):
        lag, colon, weight = part.partition(":")
        try:
            weeks = _week(lag)
            share = _number(weight) if colon else 1.0
        except PydanticCustomError:
            raise refuse("not a delay; write weeks such as 8, or weeks:weight pairs such as 4:0.5;12:0.5") from None
        if share <= 0:
            raise refuse("the weights of a distribution must be positive")
        if not colon and ";" in text:
            raise refuse("every delay of a distribution needs a weight, such as 4:0.5;12:0.5")
        weights[weeks] = weights.get(weeks, 0.0) + share
    total = sum(weights.values())
    return Delay(text, tuple((weeks, share / total) for weeks, share in sorted(weights.items())))


@dataclass(frozen=True)
class StartWeeks:
    """Several weeks in which an outage may begin, as written and as read.

    Attributes
    ----------
    text
        As the case writes them: ``4;16;28``.
    weeks : tuple of int
        In the order written.
    """

    text: str
    weeks: tuple[int, ...]

    def __str__(self) -> str:
        """Return the weeks as written."""
        return self.text


def _start_weeks(value: Any) -> int | StartWeeks:
    if isinstance(value, StartWeeks):
        return value
    if not isinstance(value, str) or ";" not in value:
        return _week(value)
    text = _text(value)
    weeks = []
    for part in text.split(";"):
        try:
            week = _week(part)
        except PydanticCustomError:
            raise refuse("not a list of weeks; write weeks with semicolons between them, such as 4;16;28") from None
        if week in weeks:
            raise refuse(f"names week {week} twice; name each start once")
        weeks.append(week)
    return StartWeeks(text, tuple(weeks))


def _flag(value: Any) -> str:
    text = _text(value).lower()
    if text in ("true", "yes", "1"):
        return "true"
    if text in ("false", "no", "0"):
        return "false"
    raise refuse("neither true nor false")


def _scenario_rule(value: Any) -> str:
    """Read ``worst``, ``none``, ``expected`` or ``cvar:`` with a share below 1."""
    text = _text(value)
    kind, colon, share = text.partition(":")
    if not colon and kind in ("worst", "none", "expected"):
        return kind
    try:
        tail = _number(share) if kind == "cvar" and colon else math.nan
    except PydanticCustomError:
        tail = math.nan
    if 0 <= tail < 1:
        return f"cvar:{tail:g}"
    raise refuse(
        "write worst, none, expected, or cvar: with the share of the weight that is left out, such as cvar:0.9"
    )


@dataclass(frozen=True)
class EndWeeks:
    """Several weeks in which a policy may end, as written and as read.

    Attributes
    ----------
    text
        As the case writes them: ``13;26;``.
    weeks : tuple of int or None
        In the order written; None, nothing between or after semicolons: it never ends.
    """

    text: str
    weeks: tuple[int | None, ...]

    def __str__(self) -> str:
        """Return the weeks as written."""
        return self.text


def _end_weeks(value: Any) -> int | EndWeeks | None:
    if value is None or isinstance(value, EndWeeks):
        return value
    if not isinstance(value, str) or ";" not in value:
        return _week(value)
    text = _text(value)
    weeks: list[int | None] = []
    for part in text.split(";"):
        try:
            week = _week(part) if part.strip() else None
        except PydanticCustomError:
            raise refuse(
                "not a list of weeks; write weeks with semicolons between them, such as 13;26, and one at the end, 13;26;, where "
                "the policy may also stay"
            ) from None
        if week in weeks:
            named = "no end twice" if week is None else f"week {week} twice"
            raise refuse(f"names {named}; name each end once")
        weeks.append(week)
    return EndWeeks(text, tuple(weeks))


def _count(value: Any) -> int:
    number = _number(value)
    if number != int(number) or not 0 <= number <= MOST_WEEKS:
        raise refuse("not a count; write a whole number such as 2")
    return int(number)


def _duration(value: Any) -> int:
    weeks = _week(value)
    if weeks < 1:
        raise refuse("an outage lasts at least one week")
    return weeks


def _window(value: Any) -> int:
    weeks = _week(value)
    if weeks < 1:
        raise refuse("a run of weeks has at least one")
    return weeks


def _plain_weeks(value: int | StartWeeks | EndWeeks | None) -> int | str | None:
    return str(value) if isinstance(value, StartWeeks | EndWeeks) else value


def _date(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date) or value is None:
        return value
    try:
        return datetime.datetime.fromisoformat(_text(value)).date()
    except ValueError:
        hint = date_hint(_text(value)) or "write year-month-day such as 2026-01-05"
        raise refuse(f"not a date; {hint}") from None


def _weeks(value: Any) -> int:
    weeks = _week(value)
    if weeks < 1:
        raise refuse("a horizon has at least one week")
    if weeks > LONGEST_HORIZON:
        raise refuse(f"a horizon has at most {LONGEST_HORIZON} weeks")
    return weeks


def _positive(value: float) -> float:
    if value <= 0:
        raise refuse("must be positive")
    return value


Text = Annotated[str, BeforeValidator(_text)]
Path = Annotated[str, BeforeValidator(_text), AfterValidator(_composed)]
Id = Annotated[str, BeforeValidator(_text), AfterValidator(_identifier)]
Number = Annotated[float, BeforeValidator(_finite)]
Amount = Annotated[float, BeforeValidator(_finite), AfterValidator(_not_negative)]
Bound = Annotated[float, BeforeValidator(_extended), AfterValidator(_not_negative)]
Share = Annotated[float, BeforeValidator(_finite), AfterValidator(_share)]
Week = Annotated[int, BeforeValidator(_week)]
Count = Annotated[int, BeforeValidator(_count)]
Duration = Annotated[int, BeforeValidator(_duration)]
Flag = Annotated[Literal["true", "false"], BeforeValidator(_flag)]
Window = Annotated[int, BeforeValidator(_window)]
Starts = Annotated[int | StartWeeks, BeforeValidator(_start_weeks), PlainSerializer(_plain_weeks)]
Ends = Annotated[int | EndWeeks | None, BeforeValidator(_end_weeks), PlainSerializer(_plain_weeks)]
Date = Annotated[datetime.date | None, BeforeValidator(_date)]
HorizonWeeks = Annotated[int, BeforeValidator(_weeks)]
TimeLimit = Annotated[float, BeforeValidator(_extended), AfterValidator(_positive)]
ScenarioRule = Annotated[str, BeforeValidator(_scenario_rule)]
Distribution = Annotated[Delay, BeforeValidator(_delay), PlainSerializer(str)]


def column(
    sentence: str,
    unit: str = "",
    *,
    refers: str | None = None,
    same_as: str | None = None,
    hint: str | None = None,
    **options: Any,
) -> Any:
    """Declare a column: its sentence, its unit, the table an id refers to, the column whose figure is its default.

    A hint says which of its words stands for what; it is told with a word that is none of them.
    """
    extra: JsonDict = {"unit": unit, "refers": refers, "same_as": same_as, "hint": hint}
    return Field(description=sentence, json_schema_extra=extra, **options)
