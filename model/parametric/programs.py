"""The programs of a case, compiled once: their numbers are worked out anew from other figures, by the formulas' own steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..algebra.traced import Moved, Tape
from ..leader.problem import Problem
from ..network import Network
from .cells import Cell, figures_in, moved_cells, traced_case
from .patching import Mould

if TYPE_CHECKING:
    from ...data import Case
    from ...data.units import Units

TAPES = 6
"""Turns of the formulas that are kept at the same time."""


class Programs:
    """The programs of one structure, for figures that move.

    The formulas are run once with figures that remember what becomes of them (`Tape`). Other figures take the same steps, all
    at once, as long as every comparison ends as before; where one does not (another source is the cheapest), the formulas are run
    again and both ways are kept. No figure and no formula is named anywhere.

    Parameters
    ----------
    case
        A case of the structure, in natural units.
    units
        What its units are in those of the case as it was given.
    others
        Cases that differ from it in the figures that will move.

    Attributes
    ----------
    mould
        The programs of the case.
    counts : Counter of str
        Cases ``refilled``, and ``recorded`` because a comparison ended otherwise or another figure moved.
    """

    def __init__(self, case: Case, units: Units, others: Sequence[Case] = ()):
        self.units = units
        self.mould = Mould(self._problem(case))
        self._structure = self.mould.structure
        self._base = case
        self._cells: list[Cell] = list(dict.fromkeys(cell for other in others for cell in moved_cells(case, other)))
        self._records: list[_Record] = []
        self.counts: Counter[str] = Counter()

    def _problem(self, case: Case) -> Problem:
        return Problem(case, network=Network(case, self.units))

    def numbers(self, case: Case) -> np.ndarray:
        """Return the numbers of a case's programs, as of `Mould.vector`: those that building them gives, to the last bit.

        Raises
        ------
        Moved
            Where its programs have other rows, columns or entries.
        """
        new = [cell for cell in moved_cells(self._base, case) if cell not in self._known]
        if new:
            self._cells += new
            self._records.clear()
        for record in self._records:
            try:
                vector = record.numbers(case, self._cells)
            except Moved:
                continue
            # The way of the case before is tried first.
            self._records.remove(record)
            self._records.insert(0, record)
            self.counts["refilled"] += 1
            return vector
        record = _Record(case, self._cells, self.units, self.mould.prices)
        if record.structure != self._structure:
            raise Moved("the programs have other rows, columns or entries")
        self._records = [record, *self._records[: TAPES - 1]]
        self.counts["recorded"] += 1
        return record.mould.vector

    @property
    def _known(self) -> frozenset[Cell]:
        return frozenset(self._cells)


class _Record:
    """One run of the formulas: the programs of a case and how their numbers came about."""

    def __init__(self, case: Case, cells: Sequence[Cell], units: Units, prices: np.ndarray):
        self.tape = Tape()
        traced = traced_case(case, cells, self.tape)
        self.mould = Mould(Problem(traced, network=Network(traced, units)), prices)
        self.structure = self.mould.structure
        self.tape.close()

    def numbers(self, case: Case, cells: Sequence[Cell]) -> np.ndarray:
        self.mould.refill(self.tape.replay(np.array(figures_in(case, cells))))
        return self.mould.vector
