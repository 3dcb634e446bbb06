"""Directive ``public-names``: the reference of every name that the package offers."""

from __future__ import annotations

import inspect
from typing import Any

import sluicegate
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


class PublicNames(SphinxDirective):
    """The reference of ``functions`` or ``classes`` of the package."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return what autodoc makes of them."""
        wanted = inspect.isclass if self.arguments[0] == "classes" else inspect.isfunction
        # The page is Markdown, what autodoc reads is reStructuredText.
        lines = ["```{eval-rst}"]
        for name in sluicegate.__all__:
            found = getattr(sluicegate, name)
            if not wanted(found):
                continue
            kind = "function" if inspect.isfunction(found) else "class"
            lines += [f".. auto{kind}:: sluicegate.{name}", *(["   :members:"] if kind == "class" else []), ""]
        lines.append("```")
        home = nodes.Element()
        self.state.nested_parse(StringList(lines, source="public names"), self.content_offset, home)
        return home.children


def setup(app: Any) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("public-names", PublicNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
