"""Where the figures of a draft come from, and how they may vary: rows of the tables ``sources`` and ``uncertainties``."""

from __future__ import annotations

from typing import Any

from .placeholders import MARK, PLACEHOLDERS

DIGITS = 6
"""Significant digits of the figures of a draft."""


class Sourcing:
    """Collects the sources of figures, and how they may vary.

    Parameters
    ----------
    source
        The statistics.

    Attributes
    ----------
    rows : list of dict
        Rows of the table ``sources``.
    uncertainties : list of dict
        Rows of the table ``uncertainties``.
    used : dict of str to int
        How many figures each placeholder fills in.
    period : str
        What flows are taken from.
    """

    def __init__(self, source: str):
        self.source = source
        self.rows: list[dict[str, Any]] = []
        self.uncertainties: list[dict[str, Any]] = []
        self.used: dict[str, int] = {}
        self.period = ""

    def say(self, table: str, key: str, column: str, value: Any, code: str, confidence: str, note: str) -> None:
        """Name the statistics as the source of a figure: file, code and period.

        Parameters
        ----------
        table, key, column, value
            The figure.
        code
            The item's code.
        confidence
            ``high`` as read, ``medium`` where something was filled in.
        note
            How it was derived.
        """
        source = f"{self.source}; {'HS ' if code.isdigit() else ''}{code}"
        self._add(table, key, column, value, source=source, date=self.period, confidence=confidence, note=note)

    def assume(self, table: str, key: str, column: str, value: Any, name: str, ranged: bool = True) -> None:
        """Mark a figure as a placeholder: its default, the reasoning, its range, the question to ask.

        Parameters
        ----------
        table, key, column, value
            The figure.
        name
            The placeholder.
        ranged
            Whether the figure varies as the placeholder does.
        """
        placeholder = PLACEHOLDERS[name]
        self.used[name] = self.used.get(name, 0) + 1
        figure = float(value)
        if ranged and placeholder.low is not None and placeholder.high is not None and figure > 0:
            low, high = figure * placeholder.low / placeholder.value, figure * placeholder.high / placeholder.value
            if placeholder.whole:
                low, high = round(low), round(high)
            # Nobody has asked yet: one ignorance stands behind all figures of a placeholder.
            self.vary(table, key, column, figure, low, high, f"{MARK} {placeholder.reasoning}", placeholder.title)
        note = f"{MARK} {placeholder.reasoning}. Ask: {placeholder.question}"
        value = value if isinstance(value, str) else rounded(figure)
        self._add(table, key, column, value, source="", date="", confidence="assumed", note=note)

    def vary(
        self, table: str, key: str, column: str, value: float, low: float, high: float, note: str, group: str = ""
    ) -> None:
        """Say how a figure may vary: most likely as it is where it lies between its ends, else all values are alike.

        Parameters
        ----------
        table, key, column, value
            The figure.
        low, high
            Its ends; nothing is said where they are the same.
        note
            Why it may vary so.
        group
            Figures of one group move together.
        """
        low, value, high = rounded(low), rounded(value), rounded(high)
        if low >= high:
            return
        ends = [low, value, high] if low <= value <= high else [low, high]
        distribution = "..".join(f"{end:.{DIGITS}g}" for end in ends)
        figure = f"{table}.{key}.{column}"
        self.uncertainties.append({"figure": figure, "distribution": distribution, "group": group, "note": note})

    def retract(self, table: str, key: str, column: str, name: str) -> None:
        """Take back what was said of a figure that a placeholder filled in."""
        figure = table, key, column
        self.rows = [row for row in self.rows if (row["table"], row["key"], row["column"]) != figure]
        self.uncertainties = [row for row in self.uncertainties if row["figure"] != ".".join(figure)]
        self.used[name] -= 1
        if not self.used[name]:
            del self.used[name]

    def _add(self, table: str, key: str, column: str, value: Any, **more: str) -> None:
        whole = isinstance(value, float) and value.is_integer()
        text = str(int(value)) if whole else str(value)
        self.rows.append({"table": table, "key": key, "column": column, "value": text, **more})


def rounded(value: float) -> float:
    """Return a figure to the digits of a draft."""
    return float(f"{value:.{DIGITS}g}")
