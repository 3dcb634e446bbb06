"""Documents of plain values, which every JSON reader accepts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def plain_document(value: Any) -> Any:
    """Return a document of plain values; numbers that are not finite become None, which JSON has instead.

    Parameters
    ----------
    value
        Mappings, sequences, texts, numbers (those of numpy too), None.
    """
    if isinstance(value, Mapping):
        return {str(key): plain_document(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain_document(entry) for entry in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
