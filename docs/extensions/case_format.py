"""Directives ``case-table`` and ``case-section``: columns of a table and keys of ``case.toml``, from their declarations."""

from __future__ import annotations

import inspect
import math
from typing import Any

from docutils import nodes
from formulas import table, text
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sluicegate.data import TABLES
from sluicegate.data.schema import tables
from sluicegate.data.schema.declarations import columns, extra, numeric, options, section_model
from sphinx.util.docutils import SphinxDirective

HEADER = ("column", "what it holds", "unit", "default")


class Declared(SphinxDirective):
    """A declaration: its sentence and the table of its columns."""

    required_arguments = 1

    def model(self) -> type[BaseModel]:
        """Return the declaration of the table or section named."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Return sentence and table."""
        self.env.note_dependency(str(inspect.getsourcefile(tables)))
        model = self.model()
        rows = [
            [
                nodes.paragraph("", "", nodes.literal(text=name)),
                text(_holds(info)),
                text(_unit(info)),
                text(_default(info)),
            ]
            for name, info in columns(model).items()
        ]
        return [text(inspect.cleandoc(model.__doc__ or "")), table(HEADER, rows)]


class CaseTable(Declared):
    """A table of the case."""

    def model(self) -> type[BaseModel]:
        """Return the declaration of its row."""
        return TABLES[self.arguments[0]]


class CaseSection(Declared):
    """A section of ``case.toml``."""

    def model(self) -> type[BaseModel]:
        """Return its declaration."""
        return section_model(self.arguments[0])


def _holds(info: FieldInfo) -> str:
    words = str(info.description)
    if extra(info, "refers"):
        words += f" An id of `{extra(info, 'refers')}`."
    if options(info):
        words += f" One of {', '.join(f'`{option}`' for option in options(info))}."
    return words


def _unit(info: FieldInfo) -> str:
    return str(extra(info, "unit") or ("" if numeric(info) else "text"))


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    if info.default in (None, ""):
        return "empty"
    return "inf" if info.default == math.inf else f"{info.default:g}" if numeric(info) else str(info.default)


def setup(app: Any) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("case-table", CaseTable)
    app.add_directive("case-section", CaseSection)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
