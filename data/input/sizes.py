"""How large what a case is read from may be: the rest is refused before it fills the memory."""

from __future__ import annotations

LARGEST_FILE = 128_000_000
"""Bytes of a table's file, and of all parts of a workbook unpacked."""

LARGEST_SETTINGS = 1_000_000
"""Bytes of ``case.toml``."""

LARGEST_PART = 8_000_000
"""Bytes, unpacked, of a part of a workbook that says how it looks: styles, theme, properties."""

MOST_CELLS = 500_000
"""Cells of a table that hold something."""

MOST_COLUMNS = 1_000
"""Columns of a table."""

MOST_TEXTS = 200_000
"""Texts that the cells of a workbook share."""

LONGEST_TEXT = 32_767
"""Characters of a text that cells share: what a spreadsheet allows."""

MOST_MERGED = 10_000
"""Merged ranges of a sheet."""

MOST_PARTS = 10_000
"""Parts of a workbook."""

MOST_SLIPS = 50
"""Slips of the pen in ``case.toml`` that are told together."""

MOST_DOTS = 16
"""Dots of a key of ``case.toml``; it needs one."""


def megabytes(size: float) -> str:
    """Return a number of bytes as a message shows it."""
    return f"{size / 1e6:,.0f} MB"
