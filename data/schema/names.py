"""Names for people of what a case holds: those that it gives, else put together from them, else ids."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
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
        self._known: dict[str, dict[str, str]] = {}

    def of(self, kind: str) -> dict[str, str]:
        """Return names by id of one of `KINDS`, worked out once."""
        if kind not in self._known:
            self._known[kind] = self._called(lambda case: KINDS[kind](self, case))
        return self._known[kind]

    def _lanes(self, case: Case) -> Iterator[tuple[str, str]]:
        """What they carry and from where, and where to if that leaves a doubt."""
        short = {row.lane: self._both(row.item, "from", row.origin) for row in case.lanes}
        known = Counter(short.values())
        for row in case.lanes:
            title = short[row.lane]
            yield row.lane, title if known[title] == 1 or not title else f"{title} to {self.site(row.destination)}"

    def _processes(self, case: Case) -> Iterator[tuple[str, str]]:
        """What they make, and where."""
        return ((row.process, self._both(row.output, "at", row.site)) for row in case.processes)

    def _qualifications(self, case: Case) -> Iterator[tuple[str, str]]:
        """The name of the one lane which they open, else their own."""
        opened: dict[str, list[str]] = {}
        for row in case.lanes:
            opened.setdefault(row.qualification or "", []).append(row.lane)
        for each in case.qualifications:
            lanes = opened.get(each.qualification, [])
            yield each.qualification, self.lane(lanes[0]) if len(lanes) == 1 else each.qualification

    def _scenarios(self, case: Case) -> Iterable[tuple[str, str]]:
        """Names of packages and outages; not of their starts, which `scenario` adds."""
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
        return self.of("parties").get(name, name)

    def site(self, name: str) -> str:
        """Return what to call a site."""
        return self.of("sites").get(name, name)

    def item(self, name: str) -> str:
        """Return what to call an item."""
        return self.of("items").get(name, name)

    def regime(self, name: str) -> str:
        """Return what to call a regime."""
        return self.of("regimes").get(name, name)

    def lane(self, name: str) -> str:
        """Return what to call a lane, or what opens several."""
        return self.of("lanes").get(name) or self.of("qualifications").get(name, name)

    def process(self, name: str) -> str:
        """Return what to call a process."""
        return self.of("processes").get(name, name)

    def pair(self, name: str) -> str:
        """Return what to call an item at a site, ``site/item``; as it is where neither has a name."""
        site, _, item = name.partition("/")
        called = self.item(item), self.site(site)
        return name if called == (item, site) else ", ".join(called)

    def scenario(self, name: str) -> str:
        """Return what to call a scenario: ``none``, a package, or an outage at one of its starts."""
        title, at, start = name.rpartition("@")
        names = self.of("scenarios")
        return names.get(name, name) if name in names or not at else f"{names.get(title, title)}, from week {start}"

    def quoted(self, scenario: str) -> str:
        """Return a scenario as a sentence names it: by its name between quotes, or else by its id."""
        title = self.scenario(scenario)
        return scenario if title == scenario else f"“{title}”"

    def key(self, table: str, key: str) -> str:
        """Return what to call the row of a table, by its key as ``--set`` writes it."""
        if table in KINDS and table != "qualifications":
            return self.of(table).get(key, key)
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
            return f"{self.scenario(first)}: {self.lane(rest) if rest in self.of('lanes') else self.process(rest)}"
        if table == "profiles":
            owner, _, rest = rest.partition("/")
            figure, _, week = f"{first}.{owner}/{rest}".rpartition("/")
            path, _, column = figure.rpartition("/")
            return f"{self.figure(f'{path}.{column}')}, from week {week}"
        return key

    def figure(self, path: str) -> str:
        """Return what to call a figure, by its path as ``--set`` takes it: what it says, and of what."""
        table, _, rest = path.partition(".")
        key, _, column = rest.rpartition(".")
        words = column.replace("_", " ") or path
        if not key:
            return words
        called = self._of(table, key)
        told = OF_ROWS.get((table, column), f"{words} of {{}}")
        return told.format(called)

    def _of(self, table: str, key: str) -> str:
        """Return what to call the row of a table within a sentence."""
        first, _, rest = key.partition("/")
        if table in ("stocks", "demands"):
            return self._both(rest, "in", first) or key
        if table == "recipes":
            return f"{self.item(rest)} for {self.process(first)}"
        return self.key(table, key)


OF_ROWS = {
    ("parties", "loss_weight"): "weight of the losses of {}",
    ("items", "max_party_share"): "largest share of one party in {}",
    ("items", "min_suppliers"): "least number of suppliers of {}",
    ("items", "min_supplier_share"): "least share of a supplier of {}",
    ("items", "max_supplier_share"): "largest share of one supplier of {}",
    ("stocks", "initial"): "stock at the start of {}",
    ("stocks", "capacity"): "room for {}",
    ("stocks", "terminal_target"): "stock wanted at the end of {}",
    ("stocks", "terminal_price"): "price of a missing unit of {}",
    ("stocks", "stockpile_max"): "largest stockpile of {}",
    ("stocks", "stockpile_cost"): "price of the stockpile of {}",
    ("lanes", "lead_weeks"): "lead time of {}",
    ("lanes", "unit_cost"): "price of {}",
    ("lanes", "duty"): "duty on {}",
    ("lanes", "base_flow"): "flow today of {}",
    ("lanes", "min_flow"): "contract for {}",
    ("lanes", "max_flow"): "capacity of {}",
    ("lanes", "available_week"): "first week of {}",
    ("lanes", "ramp_weeks"): "ramp of {}",
    ("lanes", "min_share"): "take or pay of {}",
    ("lanes", "min_order"): "least order of {}",
    ("lanes", "fixed_cost"): "cost of qualifying {}",
    ("qualifications", "fixed_cost"): "cost of {}",
    ("price_breaks", "unit_cost"): "price of {}",
    ("price_breaks", "from_flow"): "least flow at the price of {}",
    ("processes", "capacity"): "capacity to make {}",
    ("processes", "unit_cost"): "cost of making {}",
    ("recipes", "quantity"): "use of {}",
    ("recipes", "saving_share"): "share that can be saved of {}",
    ("recipes", "saving_cost"): "cost of saving {}",
    ("demands", "quantity"): "demand for {}",
    ("demands", "min_fill"): "least mean fill of {}",
    ("demands", "min_fill_week"): "least fill of any week of {}",
    ("demands", "backorder_share"): "share that waits of {}",
    ("demands", "backorder_cost"): "cost of waiting for {}",
    ("demands", "fill_window"): "weeks of the mean fill of {}",
    ("policies", "delay_weeks"): "delay of {}",
    ("policies", "start_week"): "first week of {}",
    ("policies", "end_week"): "end of {}",
    ("policies", "surge"): "surge before {}",
    ("policies", "admin_cost"): "cost of running {}",
    ("policies", "reviewer_load"): "reviewer hours of {}",
    ("policies", "political_cost"): "political capital of {}",
    ("policies", "applicant_cost"): "applicants' cost of {}",
    ("policies", "ally_benefit"): "allies' benefit of {}",
    ("retaliations", "cost"): "cost to the counterpart of {}",
    ("retaliations", "notice_weeks"): "notice of {}",
    ("contingencies", "from_week"): "first week of {}",
    ("contingencies", "to_week"): "last week of {}",
    ("contingencies", "duration_weeks"): "length of {}",
    ("contingencies", "availability"): "capacity left in {}",
    ("contingencies", "notice_weeks"): "notice of {}",
    ("profiles", "factor"): "factor on {}",
    ("worlds", "weight"): "weight of world {}",
}
"""What figures of a row are called, by table and column; others by their column and the row."""


def _named(table: str, key: str) -> Callable[[Names, Case], Iterable[tuple[str, str]]]:
    """Return what yields id and name of the rows of a table that have a name."""
    columns = operator.attrgetter(key, "name")
    return lambda _, case: map(columns, case.rows(table))


KINDS: dict[str, Callable[[Names, Case], Iterable[tuple[str, str]]]] = {
    "parties": _named("parties", "party"),
    "sites": _named("sites", "site"),
    "items": _named("items", "item"),
    "regimes": _named("regimes", "regime"),
    "lanes": Names._lanes,
    "processes": Names._processes,
    "qualifications": Names._qualifications,
    "scenarios": Names._scenarios,
}
"""What has names, and what yields each id with its name in a case, empty where there is none."""


def policy_words(policy: str) -> str:
    """Return a policy in words: one of several ends is written ``id@week``."""
    name, at, week = policy.rpartition("@")
    return f"{name}, ended in week {week}" if at and week.isdigit() else policy
