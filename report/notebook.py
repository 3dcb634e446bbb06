"""A plan in a notebook: how it shows itself, and its charts; other results are beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..model.plan.plan import Plan
from .format.words import words_of
from .notebook_results import attach_results, parts_html

if TYPE_CHECKING:
    import altair

    from .charts.base import Figure

SHOWN = """\
<div>
<p><strong><bdi>{{ title }}</bdi></strong><br><small>{{ line }}</small></p>
<p>{% for sentence in sentences %}{{ sentence }} {% endfor %}</p>
{% if rows %}
<table>
<thead><tr>{% for head in heads %}<th scope="col">{{ head }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for cell in row %}<td><bdi>{{ cell }}</bdi></td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% endif %}
</div>
{{ more }}
"""


class PlanCharts:
    """The charts of a plan, each made when it is asked for.

    Every method returns an Altair chart, which a notebook draws; ``chart.save("fills.svg")`` writes it to a file.

    Parameters
    ----------
    plan
        A plan with its tables.
    """

    def __init__(self, plan: Plan):
        self._plan = plan

    def __repr__(self) -> str:
        """Return the names of the charts."""
        return "Charts of a plan: fills(side), losses(side), sourcing(), margins(), settlements(), worlds()"

    def fills(self, side: str | None = None) -> altair.TopLevelMixin:
        """Return fills and stocks by week of a side, ``counterpart`` (default where there is one) or ``ours``.

        Raises
        ------
        ValueError
            For another side, or where the side neither goes short nor draws on a stock.
        """
        from .charts.plan import counterpart_fills, our_fills

        side = self._side(side)
        return self._chart({"counterpart": counterpart_fills, "ours": our_fills}[side], f"fills of side {side}")

    def losses(self, side: str | None = None) -> altair.TopLevelMixin:
        """Return where the loss of a side, ``counterpart`` (default where there is one) or ``ours``, comes from: a waterfall.

        Raises
        ------
        ValueError
            For another side, or where there is no plan.
        """
        from .charts.plan import counterpart_losses, our_losses

        side = self._side(side)
        return self._chart({"counterpart": counterpart_losses, "ours": our_losses}[side], f"losses of side {side}")

    def sourcing(self) -> altair.TopLevelMixin:
        """Return who supplies us before and in the plan, as shares of each item.

        Raises
        ------
        ValueError
            Where every share stays as it is.
        """
        from .charts.plan import sourcing

        return self._chart(sourcing, "sourcing")

    def margins(self) -> altair.TopLevelMixin:
        """Return how far every least fill is kept, scenario by scenario.

        Raises
        ------
        ValueError
            Where the case sets no least fill.
        """
        from .charts.plan import margins

        return self._chart(margins, "margins")

    def settlements(self) -> altair.TopLevelMixin:
        """Return both losses and the leverage by the week in which it is settled.

        Raises
        ------
        ValueError
            Where the case says nothing of what is at stake.
        """
        from .charts.plan import settlements

        return self._chart(settlements, "settlements")

    def worlds(self) -> altair.TopLevelMixin:
        """Return what a plan for many worlds yields in each of them, the worst first.

        Raises
        ------
        ValueError
            For a plan that was made for the case's own figures.
        """
        from .charts.decisions import outcomes_by_world

        return self._chart(outcomes_by_world, "worlds", "it was not made for many worlds")

    def _side(self, side: str | None) -> str:
        sides = words_of(self._plan.case).sides
        if side is not None and side not in sides:
            known = " nor ".join(map(repr, sides))
            raise ValueError(f"side {side!r} is {'neither' if len(sides) > 1 else 'not'} {known}")
        return side or sides[0]

    def _chart(
        self, make: Callable[[Plan], Figure | None], name: str, nothing: str = "nothing changes there"
    ) -> altair.TopLevelMixin:
        found = None if self._plan.leverage is None else make(self._plan)
        if found is None:
            reason = "there is no plan" if self._plan.leverage is None else nothing
            raise ValueError(f"no chart of {name}: {reason}")
        return found.chart


def plan_html(plan: Plan) -> str:
    """Return a plan as a piece of HTML: its answer in words, its policies, and what it gives over worlds; text stays text.

    Parameters
    ----------
    plan
        The plan.
    """
    from jinja2 import Environment
    from markupsafe import Markup

    from .format.cells import cells
    from .format.columns import NOTEBOOK, shown_on
    from .format.numbers import plain
    from .text.study import study_parts
    from .text.words import answer, case_line
    from .views.plan import plan_view
    from .views.policies import POLICY_COLUMNS

    view = plan_view(plan)
    columns = shown_on(POLICY_COLUMNS, NOTEBOOK)
    heads = [column.named(plain(view.case.money)) for column in columns]
    rows = list(zip(*(cells(column, view.chosen) for column in columns), strict=True))
    more = Markup(parts_html(study_parts(view))) if view.study is not None else ""
    template = Environment(autoescape=True, trim_blocks=True).from_string(SHOWN)
    title, line = plain(view.case.title), case_line(view.case)
    return template.render(title=title, line=line, sentences=answer(view), heads=heads, rows=rows, more=more)


VIEWS: dict[str, Any] = {"charts": property(PlanCharts), "_repr_html_": plan_html}
"""What a plan gains for notebooks."""


def attach() -> None:
    """Give plans and results of analyses their charts and their look in a notebook; the rooms below know of neither."""
    for name, view in VIEWS.items():
        setattr(Plan, name, view)
    attach_results()
