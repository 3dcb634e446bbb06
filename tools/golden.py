"""Plans as they are today, field by field: `python -m tools.golden` writes tests/golden/*.json anew.

A test compares them with what the program finds. Where a change means to move a figure, write them anew and review what moved.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sluicegate import load_case, solve
from sluicegate.analysis.completed import completed

FOLDER = Path(__file__).parent.parent / "tests" / "golden"

CASES = ("tutorial", "battery-europe", "japan-korea-2019")
"""Cases that are solved in a moment: of leverage, of cost, and with what really happened; of the first range and reasons too."""

PASSING = ("seconds", "build_seconds", "highs", "pyomo")
"""Fields of ``solve`` that differ from run to run and from machine to machine."""

SAME = 1e-9
"""Difference, as a share of the figure or as such, up to which two figures are the same."""


def document(name: str) -> dict[str, Any]:
    """Return ``plan.json`` of a case, without what differs from run to run."""
    began = time.perf_counter()
    plan = solve(load_case(name), time_limit=math.inf)
    if name == CASES[0]:
        plan = completed(plan, ranged=True, reasoned=True, time_limit=math.inf, began=began)
    found = json.loads(json.dumps(plan.to_dict()))
    found["solve"] = {key: value for key, value in found["solve"].items() if key not in PASSING}
    return found


def differences(stored: Any, found: Any, path: str = "") -> Iterator[str]:
    """Yield where two documents differ, in words."""
    if isinstance(stored, dict) and isinstance(found, dict):
        for key in dict.fromkeys([*stored, *found]):
            missing = {"": None}
            yield from differences(stored.get(key, missing), found.get(key, missing), f"{path}.{key}".lstrip("."))
    elif isinstance(stored, list) and isinstance(found, list) and len(stored) == len(found):
        for place, pair in enumerate(zip(stored, found, strict=True)):
            yield from differences(*pair, f"{path}[{place}]")
    elif _number(stored) and _number(found):
        if not math.isclose(stored, found, rel_tol=SAME, abs_tol=SAME):
            yield f"{path}: {stored!r}, now {found!r}"
    elif stored != found:
        yield f"{path}: {stored!r}, now {found!r}"


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name in CASES:
        text = json.dumps(document(name), indent=1, ensure_ascii=False, sort_keys=False)
        (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
