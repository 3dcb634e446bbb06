"""JSON documents: what ``--json`` prints and a result folder holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ...data.output.documents import plain_document

if TYPE_CHECKING:
    from ...data import Case, Fault


def to_json(document: Any, *, ascii_only: bool = False) -> str:
    """Return a document as text that every JSON reader accepts.

    Parameters
    ----------
    document
        Mappings, sequences, texts, numbers, None. Numbers that are not finite become null, which JSON has instead.
    ascii_only
        Escape every character outside ASCII.
    """
    return json.dumps(plain_document(document), indent=2, ensure_ascii=ascii_only, allow_nan=False) + "\n"


def to_bytes(document: Any) -> bytes:
    """Return a document as UTF-8; halves of characters, which a name from a file system may hold, stay JSON escapes."""
    return to_json(document).encode("utf-8", "backslashreplace")


def check_document(
    given: str, case: Case | None, faults: Sequence[Fault] = (), remarks: Iterable[str] = ()
) -> dict[str, Any]:
    """Return what a check of a case says.

    Parameters
    ----------
    given
        What the case was called.
    case
        The case; None where it was refused.
    faults
        Why it was refused.
    remarks
        Warnings that no one row gives cause for.
    """
    warnings = [] if case is None else [_fault(warning) for warning in case.warnings]
    nowhere = dict.fromkeys(("file", "row", "column", "value"))
    warnings += [{**nowhere, "message": remark} for remark in remarks]
    document: dict[str, Any] = {
        "case": given if case is None else case.name,
        "valid": case is not None,
        "faults": [_fault(fault) for fault in faults],
        "warnings": warnings,
    }
    if case is not None:
        document |= {
            "title": case.settings.case.title,
            "currency": case.settings.case.currency,
            "weeks": case.settings.horizon.weeks,
            "start": None if case.settings.horizon.start is None else case.settings.horizon.start.isoformat(),
            "digest": case.digest,
            "rows": {table: len(case.rows(table)) for table in _tables(case)},
        }
    return document


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        name: value for name, value in asdict(fault).items() if name in ("file", "row", "column", "value", "message")
    }


def _tables(case: Case) -> Iterable[str]:
    """Tables of a case; of a buyer's, who has nobody to press, those that have rows."""
    from ...data import TABLES

    opposed = any(row.role == "counterpart" for row in case.parties)
    return [table for table in TABLES if opposed or case.rows(table)]
