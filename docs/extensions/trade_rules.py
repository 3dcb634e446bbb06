"""Directive ``trade-rules``: what is dropped and mended before trade statistics are added up, from the declarations."""

from __future__ import annotations

import inspect
from typing import Any

from docutils import nodes
from formulas import table, text
from sluicegate.data.trade import RULES, rules
from sphinx.util.docutils import SphinxDirective

HEADER = ("what", "done", "rule")


class TradeRules(SphinxDirective):
    """Every rule with what it does."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(str(inspect.getsourcefile(rules)))
        return [table(HEADER, [[text(rule.title), text(rule.action), text(rule.sentence)] for rule in RULES.values()])]


def setup(app: Any) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("trade-rules", TradeRules)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
