"""Terms that pages explain where they first stand, in the glossary's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

TERMS = {
    "leverage": "The counterpart's loss less our loss, in the worst package.",
    "counterpart": "The party that leverage is held over. It answers as a cost minimiser.",
    "regime": "A control-list entry whose exports need a licence. One party controls it.",
    "package": "One retaliation as a whole: all rows of the table with the same package.",
    "worst package": "The package that leaves us the least leverage; none, no retaliation, is one of them.",
    "retaliation": "Policies that the counterpart puts on regimes of its own.",
    "scenario": (
        "A package, a contingency at one of its starts, or none. Limits on supply hold in every one; the worst package decides."
    ),
    "status quo": ("Every regime open, nothing qualified or stockpiled, no retaliation. Losses are counted from here."),
    "lane": "A way on which one item goes from one site to another.",
    "stockpile": "Units that our side buys before week 0.",
    "pessimistic": "Of tied responses the one that is worst for us, our first-stage choices kept.",
    "gap": "(bound - leverage) / |leverage|: how far the plan may be from the best one.",
    "bound": "Leverage that no plan can exceed, which is proven.",
    "world": "The case with each of its uncertain figures at one value.",
    "sample": "The case with one set of values for its uncertain figures.",
    "regret": (
        "Leverage that fixed choices miss, against the best plan of the same figures or of a world by itself; regret makes "
        "the greatest of it as small as can be."
    ),
    "our greatest loss": (
        "The most that we lose over all packages that count, whichever is the worst for leverage: what a frontier limits."
    ),
    "settlement": (
        "The end of the dispute, by half of the leverage in our favour; in a week, all policies are over from then on."
    ),
    "horizon": "The weeks that are looked at; week 0 is the announcement.",
}
"""Meaning of every term, as `docs/glossary.md` has it."""

ONE_SIDED = ("lane", "stockpile", "world", "sample", "horizon")
"""Terms whose meaning holds where there is no counterpart, and cost is what counts."""


class Explained:
    """Marks the first mention of every term on one page, and keeps which were found.

    Parameters
    ----------
    two_sided
        Whether leverage is what counts.
    plainly
        Terms that are none on this page.
    """

    def __init__(self, two_sided: bool = True, plainly: Sequence[str] = ()) -> None:
        self._terms = {name: TERMS[name] for name in (TERMS if two_sided else ONE_SIDED) if name not in plainly}
        self.told: dict[str, str] = {}

    def __call__(self, text: str) -> Markup:
        """Return a text with every term that it mentions first as a link to its meaning."""
        left = self._left()
        return Markup(left.sub(self._link, str(escape(text)))) if left else escape(text)

    def _left(self) -> re.Pattern[str] | None:
        names = sorted((name for name in self._terms if name not in self.told), key=len, reverse=True)
        if not names:
            return None
        # A capital within a sentence begins a name of the case.
        begins = f"(?:^|(?<=[.:] )|(?<=[.:]\n))(?:{_any(map(str.capitalize, names))})"
        return re.compile(rf"(?<![\w“-])({_any(names)}|{begins})s?(?![\w-])")

    def _link(self, found: re.Match[str]) -> str:
        name = found[1].lower()
        if name in self.told:
            return found[0]
        self.told[name] = self._terms[name]
        says = escape(self.told[name])
        return f'<a class="term" href="#{key(name)}" aria-describedby="{key(name)}" data-says="{says}">{found[0]}</a>'


def _any(names: Iterable[str]) -> str:
    return "|".join(map(re.escape, names))


def key(name: str) -> str:
    """Return the id of a term on a page."""
    return f"term-{name.replace(' ', '-')}"
