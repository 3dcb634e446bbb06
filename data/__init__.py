"""What a case is."""

from __future__ import annotations

from .case import Case
from .faults import CaseError, Fault
from .overrides import apply_overrides
from .reading import case_from_tables, load_case
from .shipped import ShippedCase, copy_case, shipped_cases
from .starting import init_case
from .tables import TABLES, Settings
from .writing import write_folder, write_workbook

__all__ = [
    "TABLES",
    "Case",
    "CaseError",
    "Fault",
    "Settings",
    "ShippedCase",
    "apply_overrides",
    "case_from_tables",
    "copy_case",
    "init_case",
    "load_case",
    "shipped_cases",
    "write_folder",
    "write_workbook",
]
