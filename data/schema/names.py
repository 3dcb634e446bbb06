"""Names for people of what a case holds: those that it gives, else put together from them, else ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .case import Case


class Names:
    """What to call parties, sites, items, lanes, processes, regimes and scenarios; no two of a kind are called the same.

    Parameters
    ----------
    *cases
        The case, or several: what they call differently goes by its id.
    """

    def __init__(self, *cases: Case):
        self.cases = cases

    @cached_property
    def parties(self) -> dict[str, str]:
        """Names of parties by id."""
        return self._called(lambda case: ((row.party, row.name) for row in case.parties))

    @cached_property
    def sites(self) -> dict[str, str]:
        """Names of sites by id."""
        return self._called(lambda case: ((row.site, row.name) for row in case.sites))

    @cached_property
    def items(self) -> dict[str, str]:
        """Names of items by id."""
        return self._called(lambda case: ((row.item, row.name) for row in case.items))

    @cached_property
    def regimes(self) -> dict[str, str]:
        """Names of regimes by id."""
        return self._called(lambda case: ((row.regime, row.name) for row in case.regimes))

    @cached_property
    def lanes(self) -> dict[str, str]:
        """Names of lanes by id: what they carry and from where, and where to if that leaves a doubt."""
        return self._called(self._lanes)

    def _lanes(self, case: Case) -> Iterator[tuple[str, str]]:
        short = {row.lane: self._both(row.item, "from", row.origin) for row in case.lanes}
        known = Counter(short.values())
        for row in case.lanes:
            title = short[row.lane]
            yield row.lane, title if known[title] == 1 or not title else f"{title} to {self.site(row.destination)}"

    @cached_property
    def processes(self) -> dict[str, str]:
        """Names of processes by id: what they make, and where."""
        return self._called(
            lambda case: ((row.process, self._both(row.output, "at", row.site)) for row in case.processes)
        )

    @cached_property
    def qualifications(self) -> dict[str, str]:
        """Names of qualifications by id: that of the one lane which they open, else their own."""
        return self._called(self._qualifications)

    def _qualifications(self, case: Case) -> Iterator[tuple[str, str]]:
        opened: dict[str, list[str]] = {}
        for row in case.lanes:
            opened.setdefault(row.qualification or "", []).append(row.lane)
        for each in case.qualifications:
            lanes = opened.get(each.qualification, [])
            yield each.qualification, self.lane(lanes[0]) if len(lanes) == 1 else each.qualification

    @cached_property
    def scenarios(self) -> dict[str, str]:
        """Names of packages and outages by id; not of their starts, which `scenario` adds."""
        return self._called(self._scenarios)

    def _scenarios(self, case: Case) -> Iterable[tuple[str, str]]:
        found: dict[str, str] = {}
        for package in case.retaliations:
            found[package.package] = found.get(package.package) or package.name
        for outage in case.contingencies:
            found[outage.contingency] = found.get(outage.contingency) or outage.name
        return found.items()

    def _both(self, item: str, word: str, site: str) -> str:
        """Return an item and a site with a word between; nothing where neither has a name."""
        called = self.item(item), self.site(site)
        return "" if called == (item, site) else f"{called[0]} {word} {called[1]}"

    def _called(self, named: Callable[[Case], Iterable[tuple[str, str]]]) -> dict[str, str]:
        """Return names by id: the id where there is none or cases differ, and behind a name that several ids share."""
        found: dict[str, str] = {}
        for case in self.cases:
            titles = dict(named(case))
            counts = Counter(titles.values())
            for name, title in titles.items():
                called = (title if counts[title] == 1 else f"{title} ({name})") if title else name
                found[name] = called if found.get(name, called) == called else name
        return found

    def party(self, name: str) -> str:
        """Return what to call a party."""
        return self.parties.get(name, name)

    def site(self, name: str) -> str:
        """Return what to call a site."""
        return self.sites.get(name, name)

    def item(self, name: str) -> str:
        """Return what to call an item."""
        return self.items.get(name, name)

    def regime(self, name: str) -> str:
        """Return what to call a regime."""
        return self.regimes.get(name, name)

    def lane(self, name: str) -> str:
        """Return what to call a lane, or what opens several."""
        return self.lanes.get(name) or self.qualifications.get(name, name)

    def process(self, name: str) -> str:
        """Return what to call a process."""
        return self.processes.get(name, name)

    def pair(self, name: str) -> str:
        """Return what to call an item at a site, ``site/item``; as it is where neither has a name."""
        site, _, item = name.partition("/")
        called = self.item(item), self.site(site)
        return name if called == (item, site) else ", ".join(called)

    def scenario(self, name: str) -> str:
        """Return what to call a scenario: ``none``, a package, or an outage at one of its starts."""
        title, at, start = name.rpartition("@")
        if name in self.scenarios or not at:
            return self.scenarios.get(name, name)
        return f"{self.scenarios.get(title, title)}, from week {start}"

    def quoted(self, scenario: str) -> str:
        """Return a scenario as a sentence names it: by its name between quotes, or else by its id."""
        title = self.scenario(scenario)
        return scenario if title == scenario else f"“{title}”"

    def key(self, table: str, key: str) -> str:
        """Return what to call the row of a table, by its key as ``--set`` writes it."""
        kinds = {
            "parties": self.parties,
            "sites": self.sites,
            "items": self.items,
            "regimes": self.regimes,
            "lanes": self.lanes,
            "processes": self.processes,
        }
        if table in kinds:
            return kinds[table].get(key, key)
        first, _, rest = key.partition("/")
        if table == "qualifications":
            return f"qualifying {self.lane(key)}"
        if table in ("stocks", "demands"):
            return self.pair(key)
        if table == "policies":
            return f"{self.regime(first)}: {policy_words(rest)}"
        if table == "recipes":
            return f"{self.process(first)}: {self.item(rest)}"
        if table == "price_breaks":
            return f"{self.lane(first)}, from {rest} a week"
        if table == "retaliations":
            return f"{self.scenario(first)}: {self.regime(rest)}"
        if table == "contingencies":
            return f"{self.scenario(first)}: {self.lane(rest) if rest in self.lanes else self.process(rest)}"
        return key

    def figure(self, path: str) -> str:
        """Return what to call a figure, by its path as ``--set`` takes it: what it is of, then its column in words."""
        table, _, rest = path.partition(".")
        key, _, column = rest.rpartition(".")
        words = column.replace("_", " ") or path
        return f"{self.key(table, key)}: {words}" if key else words


def policy_words(policy: str) -> str:
    """Return a policy in words: one of several ends is written ``id@week``."""
    name, at, week = policy.rpartition("@")
    return f"{name}, ended in week {week}" if at and week.isdigit() else policy
