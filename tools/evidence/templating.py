"""Templates of the pages, and how figures stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def render(name: str, context: Mapping[str, Any]) -> str:
    """Return the page made from ``templates/NAME.md.jinja``."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update(cell=cell, n0=whole, n1=one, n2=two, percent=percent)
    return environment.get_template(f"{name}.md.jinja").render(context)


def cell(text: object) -> str:
    """Return a text as it may stand in a table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def whole(number: float) -> str:
    """Return a number without decimals."""
    return "-" if np.isnan(number) else f"{number:,.0f}"


def one(number: float) -> str:
    """Return a number with one decimal."""
    return f"{number:.1f}"


def two(number: float | None) -> str:
    """Return a number with two decimals."""
    if number is None or np.isnan(number):
        return "-"
    return "exact" if np.isinf(number) else f"{number + 0.0:.2f}"


def percent(share: float) -> str:
    """Return a share as a percentage."""
    return f"{share + 0.0:.1%}"
