"""What is refused across rows and tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from ..input.draft import Draft, Line
from ..schema.declarations import needed, references
from ..schema.errors import Fault, nearest
from ..schema.tables import PROFILED, TABLES, Contingency, Policy
from ..schema.values import PROBABILITY_ROUNDING
from .lookalikes import difference, skeleton
from .worlds import uncertainties, worlds

UNTOUCHED = "none"

SCENARIOS = (("retaliations", "package"), ("contingencies", "contingency"))
"""Tables of scenarios, and the column that names one."""


def check(draft: Draft) -> list[Fault]:
    """Return the faults of a draft that one row alone does not show."""
    checks = (
        _ids,
        _references,
        _parties,
        _lanes,
        _lane_regimes,
        _qualifications,
        _price_breaks,
        _suppliers,
        _stocks,
        _demands,
        _processes,
        _recipe_cycles,
        _policies,
        _retaliations,
        _contingencies,
        _starts,
        _scenario_names,
        _names_for_people,
        _probabilities,
        _profiles,
        uncertainties,
        worlds,
    )
    return [fault for each in checks for fault in each(draft)]


def _ids(draft: Draft) -> Iterator[Fault]:
    for table, model in TABLES.items():
        if not model.key:
            continue
        whole = set(model.key) & set(needed(model))
        first: dict[tuple[Any, ...], Line] = {}
        for line in draft.lines[table]:
            key = tuple(map(line.get, model.key))
            if None in key and any(line.get(column) is None for column in whole):
                continue
            if first.setdefault(key, line) is not line:
                value = "/".join(str(part) for part in key if part is not None)
                yield line.fault(f"used twice; {first[key].at} has it already", ", ".join(model.key), value)


def _references(draft: Draft) -> Iterator[Fault]:
    for table, model in TABLES.items():
        for column, target in references(model).items():
            if target in draft.unknown:
                continue
            known = {line.get(TABLES[target].key[0]) for line in draft.lines[target]} - {None}
            told: dict[str, str] = {}
            for line in draft.lines[table]:
                value = line.get(column)
                if value is not None and value not in known:
                    # To look for the nearest of many ids takes its time.
                    if value not in told:
                        told[value] = _no_such(column, target, value, known)
                    yield line.fault(told[value], column, value)


def _no_such(column: str, target: str, value: str, known: set[str]) -> str:
    if not known:
        return f"no such {TABLES[target].key[0]}; {target} has no rows"
    twin = next((each for each in sorted(known) if skeleton(each) == skeleton(value)), None)
    hint = f"; did you mean {twin!r}?{difference(value, twin)}" if twin else nearest(value, sorted(known))
    if not hint and len(known) <= 8:
        hint = f"; known are {', '.join(sorted(known))}"
    return f"not in {target}{hint}"


def _parties(draft: Draft) -> Iterator[Fault]:
    lines = draft.lines["parties"]
    if "parties" in draft.unknown:
        return
    wants_leverage = draft.settings is not None and draft.settings.objective.sense == "leverage"
    roles = (
        ("focal", "exactly", "exactly one must be"),
        ("counterpart", "at most", "objective.sense = leverage needs one"),
    )
    for role, most, must in roles:
        holders = [line for line in lines if line.get("role") == role]
        for line in holders[1:]:
            yield line.fault(f"a second one; {holders[0].at} is {role}, {most} one party may be", "role", role)
        if not holders and all(line.get("role") for line in lines) and (role == "focal" or wants_leverage):
            yield Fault(draft.files["parties"], f"no party is {role}; {must}", column="role")


def _lanes(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["lanes"]:
        if line.get("origin") is not None and line.get("origin") == line.get("destination"):
            yield line.fault("is its origin too; a lane joins two sites", "destination", line.get("destination"))
    for line in draft.sound("lanes"):
        if line.get("base_flow") > line.get("max_flow"):
            yield line.fault(f"more than max_flow {line.get('max_flow'):g}", "base_flow", line.get("base_flow"))
        for column in ("fixed_cost", "qualification"):
            if line.get(column):
                yield from _qualified(draft, line, column)
        if line.get("min_flow"):
            yield from _contract(draft, line)
        if line.get("min_share"):
            yield from _take_or_pay(draft, line)
        if line.get("min_order"):
            yield from _least_order(draft, line)
        if line.get("order_cost") and draft.side(line.get("destination")) in ("counterpart", "other"):
            where = f"this one ends at {line.get('destination')!r}; write 0"
            message = f"what an order costs counts on lanes that end on our side; {where}"
            yield line.fault(message, "order_cost", line.get("order_cost"))


def _contract(draft: Draft, line: Line) -> Iterator[Fault]:
    least, most, destination = line.get("min_flow"), line.get("max_flow"), line.get("destination")
    if least > most:
        message = f"more than max_flow {most:g}; a contract is for no more than the lane can carry: lower it, or raise max_flow"
        yield line.fault(message, "min_flow", least)
    if draft.side(destination) == "other":
        message = f"a contract acts on lanes that end on our side or the counterpart's; this one ends at {destination!r}; write 0"
        yield line.fault(message, "min_flow", least)
    else:
        yield from _from_outside(draft, line, "min_flow")


def _take_or_pay(draft: Draft, line: Line) -> Iterator[Fault]:
    share, destination = line.get("min_share"), line.get("destination")
    if line.get("max_flow") == math.inf:
        message = "a share of a max_flow without limit is no amount; write the max_flow, or a min_flow in its place"
        yield line.fault(message, "min_share", share)
    if draft.side(destination) in ("counterpart", "other"):
        message = f"take or pay acts on lanes that end on our side; this one ends at {destination!r}; write 0"
        yield line.fault(message, "min_share", share)
    else:
        yield from _from_outside(draft, line, "min_share")


def _least_order(draft: Draft, line: Line) -> Iterator[Fault]:
    least, destination = line.get("min_order"), line.get("destination")
    if draft.side(destination) in ("counterpart", "other"):
        message = f"a least order acts on lanes that end on our side; this one ends at {destination!r}; write 0"
        yield line.fault(message, "min_order", least)
    contract = next((column for column in ("min_flow", "min_share") if line.get(column)), None)
    if contract is None:
        return
    # In weeks in which less than an order can be carried nothing is ordered, and the contract would be broken.
    first = line.get("max_flow") / (line.get("ramp_weeks") + 1)
    asks = f"{contract} asks for goods in every week"
    if first < least:
        message = f"{asks}, yet in the first only {first:g} can be carried, less than an order"
        yield line.fault(f"{message}; lower min_order, or write {contract} 0", "min_order", least)
    elif name := next(_outages_below(draft, line.get("lane"), least / line.get("max_flow")), None):
        message = f"{asks}, yet contingency {name!r} leaves less than an order; lower min_order, or write {contract} 0"
        yield line.fault(message, "min_order", least)
    elif draft.side(line.get("origin")) == "counterpart":
        message = f"{asks}, and the counterpart may yield less than an order; write one of them"
        yield line.fault(message, "min_order", least)


def _outages_below(draft: Draft, lane: str, share: float) -> Iterator[str]:
    """Yield contingencies that in some week leave something of a lane, but less than a share."""
    grouped: dict[str, list[Contingency]] = {}
    for line in draft.sound("contingencies"):
        if line.get("lane") == lane and isinstance(line.row, Contingency):
            grouped.setdefault(line.row.contingency, []).append(line.row)
    weeks = 0 if draft.settings is None else draft.settings.horizon.weeks
    for name, rows in grouped.items():
        for number in range(max(len(row.starts) for row in rows)):
            spans = [(row, row.span(row.starts[number if len(row.starts) > 1 else 0], weeks)) for row in rows]
            left = [math.prod(row.availability for row, span in spans if week in span) for week in range(weeks)]
            if any(0 < part < share for part in left):
                yield name


def _price_breaks(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["price_breaks"]:
        lane = draft.lanes.get(line.get("lane"))
        if lane is not None and draft.side(lane.get("destination")) in ("counterpart", "other"):
            message = f"ends at {lane.get('destination')!r}; prices by quantity are for lanes that end on our side"
            yield line.fault(message, "lane", line.get("lane"))


def _suppliers(draft: Draft) -> Iterator[Fault]:
    for line in draft.sound("items"):
        if line.get("min_suppliers") and not line.get("min_supplier_share"):
            message = "a supplier of nothing would count; write the min_supplier_share from which on a site does"
            yield line.fault(message, "min_suppliers", line.get("min_suppliers"))


def _from_outside(draft: Draft, line: Line, column: str) -> Iterator[Fault]:
    """Refuse contracts that could leave a side without any way to act: then doing nothing would not be feasible."""
    origin, item = line.get("origin"), line.get("item")
    if draft.side(origin) == draft.side(line.get("destination")) and (origin, item) in draft.tracked:
        message = (
            f"a lane between two sites of one side, fed from the stock of {item!r} at {origin!r}, may find that empty; a contract "
            "acts on lanes from outside: write 0"
        )
        yield line.fault(message, column, line.get(column))


def _qualified(draft: Draft, line: Line, column: str) -> Iterator[Fault]:
    origin, destination = line.get("origin"), line.get("destination")
    if draft.side(destination) in ("counterpart", "other"):
        message = f"we qualify lanes that end on our side; this one ends at {destination!r}; leave it empty"
        yield line.fault(message, column, line.get(column))
    elif draft.side(origin) == "counterpart":
        message = f"no lane from the counterpart is qualified; this one starts at {origin!r}; leave it empty"
        yield line.fault(message, column, line.get(column))


def _qualifications(draft: Draft) -> Iterator[Fault]:
    """Refuse a qualification that shares its id with a lane to qualify: choices name either by its id alone."""
    lanes = {line.get("lane"): line for line in draft.sound("lanes") if line.get("fixed_cost")}
    for line in draft.lines["qualifications"]:
        if (name := line.get("qualification")) in lanes:
            message = f"a lane with a fixed_cost has this id, in {lanes[name].file} {lanes[name].at}; choose another"
            yield line.fault(message, "qualification", name)


def _lane_regimes(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["lanes"]:
        regime = draft.regimes.get(line.get("regime"))
        if regime is None:
            continue
        side = draft.party_side(regime.get("controller"))
        origin, destination = line.get("origin"), line.get("destination")
        message = None
        ends = draft.side(origin), draft.side(destination)
        if side == "ours" and (ends[1] == "other" or ends in (("ours", "ours"), ("other", "ours"))):
            message = (
                "our side's regimes act on lanes that end at the counterpart, or lead from it to our side; this one leads from "
                f"{origin!r} to {destination!r}"
            )
        elif side == "counterpart" and draft.side(origin) in ("ours", "other"):
            message = f"a regime of the counterpart acts on lanes that start there; this one starts at {origin!r}"
        elif side == "other":
            message = f"its controller {regime.get('controller')!r} is an `other` party, whose regimes act on no lane"
        if message:
            yield line.fault(f"{message}; leave it empty", "regime", line.get("regime"))


def _stocks(draft: Draft) -> Iterator[Fault]:
    for line in draft.sound("stocks"):
        if line.get("initial") > line.get("capacity"):
            yield line.fault(f"more than capacity {line.get('capacity'):g}", "initial", line.get("initial"))
    yield from _elsewhere(draft, "stocks", "stock")


def _demands(draft: Draft) -> Iterator[Fault]:
    yield from _elsewhere(draft, "demands", "demand")


def _processes(draft: Draft) -> Iterator[Fault]:
    yield from _elsewhere(draft, "processes", "process")


def _elsewhere(draft: Draft, table: str, noun: str) -> Iterator[Fault]:
    for line in draft.lines[table]:
        if draft.side(line.get("site")) == "other":
            message = f"a site of an `other` party has no balance, so no {noun}; it only sends and receives"
            yield line.fault(message, "site", line.get("site"))


def _recipe_cycles(draft: Draft) -> Iterator[Fault]:
    inputs: dict[str, dict[str, Line]] = {}
    for line in draft.lines["recipes"]:
        process = draft.processes.get(line.get("process"))
        if process is not None and process.get("output") and line.get("input"):
            inputs.setdefault(process.get("output"), {}).setdefault(line.get("input"), line)
    while cycle := _cycle(inputs):
        lines = sorted((inputs[output][item] for item, output in pairwise(cycle)), key=lambda line: line.number or 0)
        places = ("one of " if len(lines) > 1 else "") + ", ".join(line.at for line in lines)
        message = f"a recipe cycle, {' -> '.join(cycle)}; no item may need itself: take out {places}"
        yield lines[0].fault(message, "input", lines[0].get("input"))
        # Without this row the next cycle comes to light.
        del inputs[cycle[1]][cycle[0]]


def _cycle(inputs: dict[str, dict[str, Line]]) -> list[str]:
    try:
        TopologicalSorter(inputs).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def _policies(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["policies"]:
        if line.get("policy") == "open":
            yield line.fault("every regime has `open` without a row; take the row out", "policy", "open")
    for line in draft.sound("policies"):
        assert isinstance(line.row, Policy)
        start, ends = line.row.start_week, line.row.ends
        early = [end for end in ends if end is not None and end <= start]
        if early:
            which = f"week {', '.join(map(str, early))} is " if len(ends) > 1 else ""
            message = f"{which}not after start_week {start}; it is the first week after the policy"
            yield line.fault(message, "end_week", line.get("end_week"))
        taken = (
            [row.policy for row in line.row.variants if row.policy in draft.menus[line.row.regime]]
            if len(ends) > 1
            else []
        )
        taken = [name for name in taken if name != line.row.policy]
        if taken:
            message = f"its variant {taken[0]!r} has the name of another policy of the regime; choose another"
            yield line.fault(message, "policy", line.row.policy)


def _retaliations(draft: Draft) -> Iterator[Fault]:
    policies = [line.row for line in draft.sound("policies") if isinstance(line.row, Policy)]
    several = {(row.regime, row.policy): row for row in policies if len(row.ends) > 1}
    for line in draft.lines["retaliations"]:
        regime = draft.regimes.get(line.get("regime"))
        if regime is None:
            continue
        if draft.party_side(regime.get("controller")) in ("ours", "other"):
            message = f"controlled by {regime.get('controller')!r}; only the counterpart's regimes can retaliate"
            yield line.fault(message, "regime", line.get("regime"))
        menu = draft.menus[line.get("regime")]
        if "policies" not in draft.unknown and line.get("policy") not in {None, *menu}:
            names = sorted(name for name in menu if name)
            hint = nearest(line.get("policy"), names) or f"; it has {', '.join(names)}"
            yield line.fault(f"no policy of regime {line.get('regime')!r}{hint}", "policy", line.get("policy"))
        row = several.get((line.get("regime"), line.get("policy")))
        if row is not None:
            message = (
                f"may end in several weeks ({row.end_week}); a package is one thing: give it a policy with one end"
            )
            yield line.fault(message, "policy", line.get("policy"))


def _contingencies(draft: Draft) -> Iterator[Fault]:
    for line in draft.sound("contingencies"):
        lane, process = line.get("lane"), line.get("process")
        if (lane is None) == (process is None):
            state = "neither a lane nor a process" if lane is None else "a lane and a process"
            yield line.fault(f"names {state}; a row names one of them", "lane, process")
        yield from _span(draft, line)
    for line in draft.lines["contingencies"]:
        yield from _outage_place(draft, line)


def _outage_place(draft: Draft, line: Line) -> Iterator[Fault]:
    lane = draft.lanes.get(line.get("lane"))
    if lane is not None and draft.side(lane.get("destination")) in ("counterpart", "other"):
        message = f"ends at {lane.get('destination')!r}; a contingency strikes lanes that end on our side"
        yield line.fault(message, "lane", line.get("lane"))
    process = draft.processes.get(line.get("process"))
    if process is not None and draft.side(process.get("site")) in ("counterpart", "other"):
        message = f"runs at {process.get('site')!r}; a contingency strikes processes of our side"
        yield line.fault(message, "process", line.get("process"))


def _span(draft: Draft, line: Line) -> Iterator[Fault]:
    assert isinstance(line.row, Contingency)
    starts, last = line.row.starts, line.get("to_week")
    if last is not None and len(starts) > 1:
        message = (
            f"from_week {line.get('from_week')} names several starts; write duration_weeks in the place of to_week"
        )
        yield line.fault(message, "to_week", last)
    elif last is not None and line.get("duration_weeks") is not None:
        message = f"to_week {last} says already when it ends; leave one of the two empty"
        yield line.fault(message, "duration_weeks", line.get("duration_weeks"))
    elif last is not None and last < starts[0]:
        yield line.fault(f"before from_week {starts[0]}; both weeks are part of the outage", "to_week", last)
    beyond = [] if draft.settings is None else [week for week in starts if week >= draft.settings.horizon.weeks]
    if draft.settings is not None and beyond:
        which = f"week {', '.join(map(str, beyond))} is " if len(starts) > 1 else ""
        message = f"{which}beyond the horizon; the last week is {draft.settings.horizon.weeks - 1}"
        yield line.fault(message, "from_week", line.get("from_week"))


def _starts(draft: Draft) -> Iterator[Fault]:
    """Rows of one contingency with different numbers of starts: which of them belong together is not said."""
    first: dict[str, Line] = {}
    for line in draft.sound("contingencies"):
        assert isinstance(line.row, Contingency)
        if len(line.row.starts) == 1:
            continue
        other = first.setdefault(line.row.contingency, line)
        assert isinstance(other.row, Contingency)
        if len(other.row.starts) != len(line.row.starts):
            message = (
                f"{len(line.row.starts)} starts, and {other.at} of {line.row.contingency!r} has {len(other.row.starts)}; "
                "write as many, start by start, or a single one for all"
            )
            yield line.fault(message, "from_week", line.get("from_week"))


def _scenario_names(draft: Draft) -> Iterator[Fault]:
    packages = {line.get("package") for line in draft.lines["retaliations"]}
    yield from _start_names(draft, packages)
    for table, column in SCENARIOS:
        for line in draft.lines[table]:
            name = line.get(column)
            if name == UNTOUCHED:
                yield line.fault("the name of the scenario in which nothing happens; choose another", column, name)
            elif name is not None and table == "contingencies" and name in packages:
                yield line.fault("a retaliation package has this name; choose another", column, name)


def _names_for_people(draft: Draft) -> Iterator[Fault]:
    """One name for people per package and contingency."""
    for table, column in SCENARIOS:
        first: dict[str, Line] = {}
        for line in draft.sound(table):
            name = line.get("name")
            if name and (other := first.setdefault(line.get(column), line)).get("name") != name:
                message = f"{other.at} of {line.get(column)!r} has {other.get('name')!r}; write one of them in both"
                yield line.fault(message, "name", name)


def _probabilities(draft: Draft) -> Iterator[Fault]:
    """One probability per package and contingency; together no more than 1, and more than 0 where they weigh scenarios."""
    first: dict[tuple[str, str], Line] = {}
    for table, column in SCENARIOS:
        for line in draft.sound(table):
            value = line.get("probability")
            if value is None:
                continue
            other = first.setdefault((table, line.get(column)), line)
            if other.get("probability") != value:
                message = (
                    f"{other.at} of {line.get(column)!r} has {other.get('probability'):g}; write one of them in both"
                )
                yield line.fault(message, "probability", value)
    total = math.fsum(line.get("probability") for line in first.values())
    if total > 1 + PROBABILITY_ROUNDING:
        last = list(first.values())[-1]
        message = (
            f"all probabilities together are {total:g}, more than 1; scenarios exclude each other, `none` has the rest"
        )
        yield last.fault(message, "probability", last.get("probability"))


def _start_names(draft: Draft, packages: set[str]) -> Iterator[Fault]:
    """Contingencies with several starts whose scenarios, ``id@week``, have the name of another scenario."""
    named = {line.get("contingency") for line in draft.lines["contingencies"]} | packages
    told = set()
    for line in draft.sound("contingencies"):
        assert isinstance(line.row, Contingency)
        name, starts = line.row.contingency, line.row.starts
        taken = [f"{name}@{week}" for week in starts if f"{name}@{week}" in named] if len(starts) > 1 else []
        if taken and name not in told:
            told.add(name)
            message = f"its scenario {taken[0]!r} has the name of another contingency or package; choose another"
            yield line.fault(message, "contingency", name)


def _profiles(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["profiles"]:
        table, key, column = (line.get(name) for name in ("table", "key", "column"))
        if table not in PROFILED:
            continue
        if column is not None and column not in PROFILED[table]:
            message = f"no figure of {table} that a profile moves; those are {', '.join(PROFILED[table])}"
            yield line.fault(message, "column", column)
        known = {"/".join(str(row.get(name)) for name in TABLES[table].key) for row in draft.lines[table]}
        if key is not None and table not in draft.unknown and key not in known:
            shape = "/".join(TABLES[table].key)
            hint = nearest(key, sorted(known)) or f"; a key of {table} is {shape}"
            yield line.fault(f"not in {table}{hint}", "key", key)
    weeks = draft.settings.horizon.weeks if draft.settings else None
    for line in draft.sound("profiles"):
        week = line.get("from_week")
        if weeks is not None and week >= weeks:
            message = f"beyond the horizon, whose last week is {weeks - 1}; take the row out, or plan for more weeks"
            yield line.fault(message, "from_week", week)
