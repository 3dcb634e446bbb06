"""Keeps attributes and parameters that share one description together: Sphinx takes the first of ``a, b`` for a type."""

from __future__ import annotations

import re
from typing import Any

FIELD = re.compile(r"^(:(?:ivar|param|vartype|type) )([^:]+)(:.*)$")


def join(app: Any, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Write ``a, b`` as ``a,b`` in the fields of a docstring."""
    lines[:] = [FIELD.sub(lambda match: match[1] + match[2].replace(", ", ",") + match[3], line) for line in lines]


def setup(app: Any) -> dict[str, bool]:
    """Listen to autodoc, after napoleon."""
    app.connect("autodoc-process-docstring", join, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
