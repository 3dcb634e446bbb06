"""The goods that a draft is asked for, as the statistics call them."""

from __future__ import annotations

from collections.abc import Sequence

from ....data import Fault
from ....data.trade import Statistics, TradeError
from ....data.trade.texts import read_code


def codes_of(statistics: Statistics, items: Sequence[str]) -> list[str]:
    """Return the codes of the items asked for, by number or name as the data have them.

    Raises
    ------
    TradeError
        For items of which there is no flow, or that are named twice.
    """
    known = {row[0] for row in statistics.rows("select distinct code from flows")}
    folded = {code.casefold(): code for code in known}
    faults, found = [], []
    for text in items:
        code = read_code(text)[0]
        if code.isdigit():
            there = any(other.isdigit() and other.startswith(code) for other in known)
        else:
            code, there = folded.get(code.casefold(), code), code.casefold() in folded
        if not there:
            listed = ", ".join(sorted(known)[:8]) + (", ..." if len(known) > 8 else "")
            faults.append(Fault("--items", f"no flow of this item; the data have {listed}", value=text))
        elif code in found:
            faults.append(Fault("--items", "named twice", value=text))
        else:
            found.append(code)
    if faults:
        raise TradeError(faults)
    return found
