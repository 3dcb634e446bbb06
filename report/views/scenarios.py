"""Scenarios in words: what happens in them, in which weeks, and how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model.network import NONE, OPEN, outage_scenarios
from ..format.numbers import joined_few, percent, plain
from ..format.words import words_of

if TYPE_CHECKING:
    from ...data import Case
    from ...data.schema.tables import Policy
    from ..format.words import Words

MOST_NAMED = 3
"""Lanes or processes that an event names before it counts them."""


@dataclass(frozen=True)
class ScenarioStory:
    """A scenario in words.

    Attributes
    ----------
    name, title
        Its id, and its name for people or else the id.
    events
        What happens in it: what, how much, in which weeks; a line each.
    """

    name: str
    title: str
    events: tuple[str, ...]

    @property
    def words(self) -> str:
        """All events in one line."""
        return "; ".join(self.events)


def scenario_stories(case: Case) -> dict[str, ScenarioStory]:
    """Return every scenario of a case in words, by its id.

    Parameters
    ----------
    case
        The case.
    """
    calm = words_of(case).calm_kind
    found = {NONE: ScenarioStory(NONE, calm, (calm,))}
    titles = scenario_titles(case)
    for package in dict.fromkeys(row.package for row in case.retaliations):
        found[package] = ScenarioStory(package, titles[package], tuple(_package(case, package)))
    for name, rows in outage_scenarios(case.contingencies).items():
        found[name] = ScenarioStory(name, titles[name], tuple(_outage(case, rows)))
    return found


class Titles(dict[str, str]):
    """Names of scenarios for people, by id; one that has no name is called by its id."""

    def __missing__(self, scenario: str) -> str:
        """Return the id."""
        return scenario


def scenario_titles(case: Case) -> Titles:
    """Return the name for people of every scenario but ``none``, its id where it has none."""
    scenarios = [*dict.fromkeys(row.package for row in case.retaliations), *outage_scenarios(case.contingencies)]
    return Titles({name: case.names.scenario(name) for name in scenarios})


def quoted(scenario: str, titles: Titles) -> str:
    """Return a scenario as a sentence names it: by its name between quotes, or else by its id."""
    title = titles[scenario]
    return plain(scenario if title == scenario else f"“{title}”")


def place_words(scenario: str, titles: Titles, words: Words) -> str:
    """Return a scenario as a place to be in."""
    return words.calm if scenario == NONE else f"under {quoted(scenario, titles)}"


def _package(case: Case, package: str) -> Iterator[str]:
    """Yield what a retaliation package does, regime by regime."""
    policies = {(row.regime, each.policy): each for row in case.policies for each in row.variants}
    for row in case.retaliations:
        if row.package == package:
            policy = policies.get((row.regime, row.policy))
            does = "open" if row.policy == OPEN or policy is None else _policy(policy, case.settings.horizon.weeks)
            yield f"{case.names.regime(row.regime)}: {does}"


def _policy(policy: Policy, weeks: int) -> str:
    """Return how a policy holds goods up: mean weeks of review, share of licences, weeks in force."""
    delay = policy.delay_weeks.mean
    end = policy.ends[0]
    parts = [
        f"held up {delay:.3g} week{'' if delay == 1 else 's'} on average" if delay else "",
        _granted(policy.approval_rate),
    ]
    how = ", ".join(filter(None, parts)) or "reviewed without delay"
    return f"{how}, {_weeks(policy.start_week, weeks if end is None else end, weeks)}"


def _granted(share: float) -> str:
    if share == 0:
        return "no licences"
    return "" if share == 1 else f"{percent(share, 0)} of licences granted"


def _outage(case: Case, rows: Sequence[tuple]) -> Iterator[str]:
    """Yield what an outage leaves of lanes and processes, those alike together."""
    weeks, names = case.settings.horizon.weeks, case.names
    alike: dict[tuple[str, float, range], list[tuple[str, str]]] = {}
    for row, start in rows:
        of_lane = row.lane is not None
        key = row.lane if of_lane else row.process
        name = names.lane(key) if of_lane else names.process(key)
        alike.setdefault(("carry" if of_lane else "make", row.availability, row.span(start, weeks)), []).append(
            (name, name.removesuffix(f" ({key})"))
        )
    for (can, left, span), hit in alike.items():
        much = f"{percent(left, 0)} of the" if left else "no"
        # Lanes side by side that fail together need no telling apart.
        twice = Counter(short for _, short in hit)
        told = dict.fromkeys(short if twice[short] > 1 else name for name, short in hit)
        yield f"{much} capacity to {can} {joined_few(list(told), MOST_NAMED)}, {_weeks(span.start, span.stop, weeks)}"


def _weeks(first: int, end: int, weeks: int) -> str:
    """Return the weeks from one to before another in words."""
    if end >= weeks:
        return "every week" if first == 0 else f"from week {first}"
    return f"week {first}" if end == first + 1 else f"weeks {first} to {end - 1}"
