"""Results of analyses in a notebook: each prints what the command prints, as tables, and has its charts by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import altair
    from rich.console import RenderableType

    from .charts.base import Figure

SHOWN = """\
<div>
{% for part in parts %}
{% if part.kind == "title" %}
<p><strong><bdi>{{ part.text }}</bdi></strong>{% if part.note %} <small><bdi>{{ part.note }}</bdi></small>{% endif %}</p>
{% elif part.kind == "line" %}
<p><bdi>{{ part.text }}</bdi></p>
{% else %}
<table>
{% if part.heads %}
<thead><tr>{% for head in part.heads %}<th scope="col"><bdi>{{ head }}</bdi></th>{% endfor %}</tr></thead>
{% endif %}
<tbody>
{% for row in part.rows %}
<tr>{% for cell in row %}<td><bdi>{{ cell }}</bdi></td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% endif %}
{% endfor %}
</div>
"""


def parts_html(parts: Iterable[RenderableType]) -> str:
    """Return the parts of a report as a piece of HTML; text of a case stays text.

    Parameters
    ----------
    parts
        What a ``..._parts`` function returns.
    """
    from jinja2 import Environment

    from .text.blocks import blocks

    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(SHOWN)
    return template.render(parts=list(blocks(parts)))


class ResultCharts(Mapping[str, "altair.TopLevelMixin"]):
    """The charts of a result by name, drawn when the first of them is asked for.

    ``result.charts["frontier"]`` is an Altair chart, which a notebook draws; ``chart.save("curve.svg")`` writes it to a file.

    Parameters
    ----------
    result
        The result.
    make
        What returns its figures.
    """

    def __init__(self, result: Any, make: Callable[..., list[Figure]]):
        self._result = result
        self._make = make
        self._figures: dict[str, Figure] | None = None

    def of(self, outcome: str) -> ResultCharts:
        """Return the charts of another outcome of a sweep, such as ``own_loss``.

        Raises
        ------
        TypeError
            For a result that is no sweep.
        ValueError
            For a name that is no outcome.
        """
        found = ResultCharts(self._result, self._make)
        found._figures = {figure.name: figure for figure in self._make(self._result, outcome)}
        return found

    def _drawn(self) -> dict[str, Figure]:
        if self._figures is None:
            self._figures = {figure.name: figure for figure in self._make(self._result)}
        return self._figures

    def __getitem__(self, name: str) -> altair.TopLevelMixin:
        """Return a chart by its name."""
        return self._drawn()[name].chart

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the charts."""
        return iter(self._drawn())

    def __len__(self) -> int:
        """Return how many charts there are."""
        return len(self._drawn())

    def __repr__(self) -> str:
        """Return the names of the charts."""
        return f"Charts: {', '.join(self) or 'none, nothing to show'}"


class Look(NamedTuple):
    """How a class of results shows itself: where it is, its parts for the terminal, its figures."""

    module: str
    name: str
    parts: Callable[[Any], Iterable[RenderableType]]
    figures: Callable[..., list[Figure]]


def _frontier(result: Any) -> Iterable[RenderableType]:
    from .text.frontier import frontier_parts
    from .views.frontier import frontier_view

    return frontier_parts(frontier_view(result))


def _frontier_figures(result: Any) -> list[Figure]:
    from .charts.frontier import frontier_figures

    return frontier_figures(result)


def _breakeven(result: Any) -> Iterable[RenderableType]:
    from .text.breakeven import breakeven_parts
    from .views.breakeven import breakeven_view

    return breakeven_parts(breakeven_view(result))


def _breakeven_figures(result: Any) -> list[Figure]:
    from .charts.breakeven import breakeven_figures

    return breakeven_figures(result)


def _indices(result: Any) -> Iterable[RenderableType]:
    from .text.indices import indices_parts

    return indices_parts(result)


def _indices_figures(result: Any) -> list[Figure]:
    from .charts.indices import indices_figures

    return indices_figures(result)


def _comparison(result: Any) -> Iterable[RenderableType]:
    from .text.compare import comparison_parts
    from .views.comparison import comparison_view

    return comparison_parts(comparison_view(result))


def _comparison_figures(result: Any) -> list[Figure]:
    from .charts.comparison import comparison_figures

    return comparison_figures(result)


def _sweep(result: Any) -> Iterable[RenderableType]:
    from .text.sweep import sweep_parts
    from .views.sweep import sweep_view

    return sweep_parts(sweep_view(result))


def _sweep_figures(result: Any, outcome: str = "leverage") -> list[Figure]:
    from .charts.sweep import sweep_figures

    return sweep_figures(result, outcome)


def _explanation(result: Any) -> Iterable[RenderableType]:
    from .text.explain import explanation_parts
    from .views.explain import explanation_view

    return explanation_parts(explanation_view(result))


def _explanation_figures(result: Any) -> list[Figure]:
    from .charts.decisions import explanation_figures

    return explanation_figures(result)


def _scan(result: Any) -> Iterable[RenderableType]:
    from .text.scan import scan_parts

    return scan_parts(result)


def _scan_figures(result: Any) -> list[Figure]:
    from .charts.scan import scan_figures

    return scan_figures(result)


LOOKS = (
    Look("analysis.frontier.frontier", "Frontier", _frontier, _frontier_figures),
    Look("analysis.breakeven.result", "Breakeven", _breakeven, _breakeven_figures),
    Look("analysis.dependence.indices", "Indices", _indices, _indices_figures),
    Look("analysis.compare.compare", "Comparison", _comparison, _comparison_figures),
    Look("analysis.sweep.read", "Sweep", _sweep, _sweep_figures),
    Look("analysis.explain.explain", "Explanation", _explanation, _explanation_figures),
    Look("analysis.trade.ranking.result", "Scan", _scan, _scan_figures),
)
"""Classes of results that show themselves."""


def attach_results() -> None:
    """Give the classes of results that are loaded their look in a notebook; the rooms below know nothing of it."""
    package = __name__.split(".")[0]
    for look in LOOKS:
        module = sys.modules.get(f"{package}.{look.module}")
        if module is None:
            continue
        shown = getattr(module, look.name)
        shown._repr_html_ = _html_of(look)
        shown.charts = _charts_of(look.figures)


def _html_of(look: Look) -> Callable[[Any], str]:
    return lambda result: parts_html(look.parts(result))


def _charts_of(figures: Callable[..., list[Figure]]) -> property:
    return property(lambda result: ResultCharts(result, figures))
