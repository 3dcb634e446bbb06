"""Names of a model's components as files of linear programs can hold them."""

from __future__ import annotations

import hashlib
from typing import Any

ALLOWED = frozenset("!\"#$%&(),.;?@_`'{}~")
"""Signs that a name in an LP file can hold, beside letters and digits."""

WRITTEN = {"[": "(", "]": ")", " ": "_", "-": "_"}
"""Signs that have another in their place."""

LONGEST = 250
"""Characters of a name; LP files allow 255, and Pyomo puts up to five before and after those of constraints."""


def safe(name: str) -> str:
    """Return a name with what an LP file cannot hold replaced: ``ship[gas-out,3]`` becomes ``ship(gas_out,3)``.

    Signs without another in their place become their code point in braces.
    """
    return "".join(WRITTEN.get(sign) or (sign if _allowed(sign) else f"{{{ord(sign):x}}}") for sign in name)


def _allowed(sign: str) -> bool:
    return sign in ALLOWED or (sign.isascii() and sign.isalnum())


class Labeler:
    """Gives every component of a model a name of its own; where two would be alike, the later one ends in ``~2``, ``~3``, ..."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def __call__(self, component: Any) -> str:
        """Return the name of a component."""
        name = safe(component.name)
        if len(name) > LONGEST:
            digest = hashlib.sha256(component.name.encode()).hexdigest()[:12]
            name = f"{name[: LONGEST - 20]}~{digest}"
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}~{number}"
        self._taken.add(found)
        return found
