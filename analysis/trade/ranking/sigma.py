"""Elasticities of substitution by code, from a table."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from pathlib import Path

from ....data import Fault
from ....data.input.folder import Unreadable, read_text
from ....data.trade import TradeError
from .measures import SIGMA


@dataclass(frozen=True)
class Sigmas:
    """Elasticities of substitution between origins.

    Attributes
    ----------
    default
        For codes without one of their own.
    by_code
        By HS code of any length, or by item; the longest code that an item's code begins with counts.
    """

    default: float = SIGMA
    by_code: dict[str, float] = field(default_factory=dict)

    def of(self, code: str) -> float:
        """Return the elasticity of an item."""
        if code in self.by_code:
            return self.by_code[code]
        if code.isdigit():
            for size in range(len(code) - 1, 0, -1):
                if code[:size] in self.by_code:
                    return self.by_code[code[:size]]
        return self.default


def find_sigmas(text: str | None) -> Sigmas:
    """Return the elasticities that a number or the name of a table means; None: the default.

    Raises
    ------
    TradeError
        For a number of 1 or below, and with all faults of a table.
    """
    if text is None:
        return Sigmas()
    try:
        value = float(text)
    except ValueError:
        return read_sigmas(text)
    if not 1 < value < float("inf"):
        raise TradeError([Fault("--sigma", "must be above 1; at 1 and below no loss is finite", value=text)])
    return Sigmas(value)


def read_sigmas(path: str | os.PathLike[str], default: float = SIGMA) -> Sigmas:
    """Read a table of elasticities: columns ``code`` and ``sigma``.

    Parameters
    ----------
    path
        A CSV file.
    default
        For codes without one of their own.

    Raises
    ------
    TradeError
        With all faults of the table.
    """
    shown = os.fspath(path)
    try:
        rows = list(csv.DictReader(read_text(Path(path)).splitlines()))
    except Unreadable as problem:
        raise TradeError([Fault(shown, problem.message, problem.row)]) from None
    faults: list[Fault] = []
    found: dict[str, float] = {}
    if not rows or not {"code", "sigma"} <= set(rows[0]):
        raise TradeError(
            [Fault(shown, "the first row must name the columns code and sigma, with a row for every code", 1)]
        )
    for line, row in enumerate(rows, start=2):
        code, text = (row["code"] or "").strip(), (row["sigma"] or "").strip()
        try:
            value = float(text)
        except ValueError:
            faults.append(Fault(shown, "not a number; write a plain decimal such as 4.5", line, "sigma", text))
            continue
        if not 1 < value < float("inf"):
            faults.append(Fault(shown, "must be above 1; at 1 and below no loss is finite", line, "sigma", text))
        elif code in found:
            faults.append(Fault(shown, "stands there twice; keep one", line, "code", code))
        else:
            found[code] = value
    if faults:
        raise TradeError(faults)
    return Sigmas(default, found)
