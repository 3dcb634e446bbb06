"""Directive ``formulas``: functions of the model as a table of their names and docstrings, the one home of a formula."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

LITERAL = re.compile(r"``(.+?)``|`(.+?)`")


class Formulas(SphinxDirective):
    """The functions named in the content, of the module named as argument."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        module = import_module(self.arguments[0])
        self.env.note_dependency(str(inspect.getsourcefile(module)))
        return [table(("code", "what it says"), [_row(module, name) for name in " ".join(self.content).split()])]


def _row(module: Any, name: str) -> list[nodes.paragraph]:
    documented = inspect.getdoc(getattr(module, name))
    if documented is None:
        raise ValueError(f"{module.__name__}.{name} has no docstring")
    code = nodes.paragraph("", "", nodes.literal(text=name))
    paragraphs = [text(" ".join(part.split())) for part in documented.split("\n\n")]
    return [code, *paragraphs]


def text(words: str) -> nodes.paragraph:
    """Return words as a paragraph; what stands between backticks as code."""
    paragraph = nodes.paragraph()
    end = 0
    for match in LITERAL.finditer(words):
        paragraph += nodes.Text(words[end : match.start()])
        paragraph += nodes.literal(text=match[1] or match[2])
        end = match.end()
    paragraph += nodes.Text(words[end:])
    return paragraph


def table(header: tuple[str, ...], rows: list[list[nodes.paragraph]]) -> nodes.table:
    """Return a table; what a row has beyond the header goes into its last cell."""
    width = len(header)
    group = nodes.tgroup(cols=width)
    group += [nodes.colspec(colwidth=1) for _ in header]
    head, body = nodes.thead(), nodes.tbody()
    head += _cells([[text(title)] for title in header])
    body += [_cells([*([cell] for cell in row[: width - 1]), row[width - 1 :]]) for row in rows]
    group += [head, body]
    return nodes.table("", group, classes=["colwidths-auto"])


def _cells(contents: list[list[nodes.paragraph]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", *content) for content in contents))


def setup(app: Any) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("formulas", Formulas)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
