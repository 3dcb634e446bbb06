"""What is allowed and hardly meant: items, outputs and sites without a use, delays and penalties that make no difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ..input.draft import Draft, Line
from ..schema.errors import Fault

Pair = tuple[str, str]


def unused_items(draft: Draft) -> Iterator[Fault]:
    """Warn of items that no lane carries, no process makes or takes and nobody demands."""
    used = {
        line.get(column)
        for table, column in (("lanes", "item"), ("processes", "output"), ("recipes", "input"), ("demands", "item"))
        for line in draft.lines[table]
    }
    for line in draft.lines["items"]:
        if line.get("item") not in used:
            message = "no lane, process, recipe or demand has this item; use it, or take the row out"
            yield line.fault(message, "item", line.get("item"))


def unneeded_outputs(draft: Draft) -> Iterator[Fault]:
    """Warn of processes whose output nobody demands, no process beside them takes and no lane carries away."""
    needed = {(line.get("site"), line.get("item")) for line in draft.lines["demands"]}
    needed |= {(line.get("origin"), line.get("item")) for line in draft.lines["lanes"]}
    for line in draft.lines["recipes"]:
        process = draft.processes.get(line.get("process"))
        if process is not None:
            needed.add((process.get("site"), line.get("input")))
    for line in draft.lines["processes"]:
        site, output = line.get("site"), line.get("output")
        if (site, output) not in needed:
            message = f"no demand, recipe or lane at {site!r} takes what it makes; add one, or take the process out"
            yield line.fault(message, "output", output)


def sites_without_lanes(draft: Draft) -> Iterator[Fault]:
    """Warn of sites that nothing reaches and nothing leaves."""
    joined = {line.get(column) for line in draft.lines["lanes"] for column in ("origin", "destination")}
    for line in draft.lines["sites"]:
        if line.get("site") not in joined:
            message = "no lane starts or ends there, so no policy reaches it; add its lanes, or take the site out"
            yield line.fault(message, "site", line.get("site"))


def delays_beyond_the_horizon(draft: Draft) -> Iterator[Fault]:
    """Warn of policies under which nothing arrives before the end: they act as a ban, whatever they license."""
    assert draft.settings is not None
    weeks = draft.settings.horizon.weeks
    leads: dict[str, int] = {}
    for line in draft.lines["lanes"]:
        regime = line.get("regime")
        if regime is not None:
            leads[regime] = min(line.get("lead_weeks"), leads.get(regime, line.get("lead_weeks")))
    for line in draft.lines["policies"]:
        start, lead = line.get("start_week"), leads.get(line.get("regime"), 0)
        # A policy that begins too late is warned of elsewhere; one that licenses nothing is meant as a ban.
        if start >= weeks or not line.get("approval_rate"):
            continue
        least = line.get("delay_weeks").weights[0][0]
        if start + lead + least >= weeks:
            way = f" and {lead} weeks of transport" if lead else ""
            message = (
                f"after {least} weeks of review{way} nothing licensed from week {start} on arrives in the {weeks} weeks of the "
                "horizon: the policy acts as a ban; shorten it, or plan for more weeks"
            )
            yield line.fault(message, "delay_weeks", line.get("delay_weeks"))


def penalties_below_cost(draft: Draft) -> Iterator[Fault]:
    """Warn of demands that cost more to serve than to leave unserved."""
    costs = _Costs(draft)
    for line in draft.lines["demands"]:
        pair = line.get("site"), line.get("item")
        least, penalty = costs.of(pair), line.get("shortage_penalty")
        if least is not None and line.get("quantity") and penalty < least:
            message = (
                f"less than the {least:g} that a unit costs at least there: it is cheaper not to serve this demand; "
                "raise it, unless that is meant"
            )
            yield line.fault(message, "shortage_penalty", penalty)


def margins_below_cost(draft: Draft) -> Iterator[Fault]:
    """Warn of exporters that lose on every unit: they are paid less than a unit costs them again."""
    replacement = _Costs(draft, running=True)
    for line in draft.lines["lanes"]:
        pair = line.get("origin"), line.get("item")
        margin, sold = line.get("margin"), line.get("base_flow")
        if not margin or not sold or pair not in draft.tracked or draft.side(line.get("origin")) == "other":
            continue
        if draft.side(line.get("origin")) == draft.side(line.get("destination")):
            continue
        cost = replacement.of(pair)
        if cost is not None and margin < cost * (1 - 1e-9):
            message = (
                f"less than the {cost:g} that a unit costs at {pair[0]!r}: the exporter loses {cost - margin:g} on every unit, and "
                "a refusal saves it that; where production is modelled the margin is gross, what the buyer pays: raise it to the "
                f"price ({line.get('unit_cost'):g} is paid on this lane)"
            )
            yield line.fault(message, "margin", margin)


def savings_below_cost(draft: Draft) -> Iterator[Fault]:
    """Warn of inputs that are cheaper to save than to buy: the status quo saves them already."""
    costs = _Costs(draft, running=True)
    for line in draft.lines["recipes"]:
        process = draft.processes.get(line.get("process"))
        if process is None or not line.get("saving_share") or not line.get("quantity"):
            continue
        cost, saving = costs.of((process.get("site"), line.get("input"))), line.get("saving_cost")
        if cost is not None and saving < cost:
            message = (
                f"less than the {cost:g} that a unit costs there: the status quo saves it already; raise it to what doing with "
                "less takes, or lower the quantity"
            )
            yield line.fault(message, "saving_cost", saving)


class _Costs:
    """The least that a unit of an item costs at a site: bought over a lane, or made there.

    Parameters
    ----------
    draft
        The case.
    running
        Whether lanes that run before week 0 alone count, and processes only where there are none: the replacement cost.
    """

    def __init__(self, draft: Draft, running: bool = False):
        self._running = running
        self._bought: dict[Pair, float] = {}
        for line in draft.lines["lanes"]:
            pair = line.get("destination"), line.get("item")
            cost = line.get("unit_cost") * (1.0 + line.get("duty")) + line.get("freight")
            if line.get("base_flow" if running else "max_flow"):
                self._bought[pair] = min(cost, self._bought.get(pair, cost))
        self._processes: dict[Pair, list[Line]] = defaultdict(list)
        for line in draft.lines["processes"]:
            if line.get("capacity"):
                self._processes[line.get("site"), line.get("output")].append(line)
        self._recipes: dict[str, list[Line]] = defaultdict(list)
        for line in draft.lines["recipes"]:
            self._recipes[line.get("process")].append(line)
        self._known: dict[Pair, float | None] = {}

    def of(self, pair: Pair) -> float | None:
        """Return the cost; None where there is no way to have the item. Recipes have no cycles, so this ends."""
        if pair not in self._known:
            bought = self._bought.get(pair)
            alone = self._running and bought is not None
            made = [] if alone else [self._made(process) for process in self._processes[pair]]
            found = [cost for cost in (bought, *made) if cost is not None]
            self._known[pair] = min(found, default=None)
        return self._known[pair]

    def _made(self, process: Line) -> float | None:
        cost: float = process.get("unit_cost")
        for line in self._recipes[process.get("process")]:
            if line.get("quantity"):
                of_input = self.of((process.get("site"), line.get("input")))
                if of_input is None:
                    return None
                cost += line.get("quantity") * of_input
        return cost
