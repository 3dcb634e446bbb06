"""Trade statistics as people download them: told apart by header, normalised by stated rules, every rule's count kept."""

from __future__ import annotations

from .areas import EU, UNSPECIFIED, WORLD, Area, area_name, find_area, nearest_area
from .examples import example_names
from .reading import CIF_FOB, Statistics, TradeError, TradeFile, read_statistics
from .rules import RULES, Rule, Treatment

__all__ = [
    "CIF_FOB",
    "EU",
    "RULES",
    "UNSPECIFIED",
    "WORLD",
    "Area",
    "Rule",
    "Statistics",
    "TradeError",
    "TradeFile",
    "Treatment",
    "area_name",
    "example_names",
    "examples",
    "files",
    "find_area",
    "layouts",
    "nearest_area",
    "read_statistics",
    "staging",
    "texts",
]
