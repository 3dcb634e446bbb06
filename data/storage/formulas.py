"""Texts in CSV files that a spreadsheet would take for formulas (OWASP: CSV injection)."""

from __future__ import annotations

import re

_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""How a text begins that a spreadsheet computes, its wide forms in East Asian settings; apostrophes before it are part of it."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def guarded(text: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet would compute it; numbers stay as they are."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """Return a text without the apostrophe that `guarded` put before it."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
