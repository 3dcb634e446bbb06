"""What a case is."""

from __future__ import annotations

from .load import case_from_tables, load_case
from .outages import with_outages
from .output.case_tables import write_folder, write_workbook
from .overrides import apply_overrides
from .schema.case import Case
from .schema.errors import CaseError, Fault
from .schema.settings import Settings
from .schema.tables import TABLES
from .shipped import ShippedCase, copy_case, shipped_cases
from .starter import init_case

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
    "with_outages",
    "write_folder",
    "write_workbook",
]
