"""What is warned about and not refused."""

from __future__ import annotations

from collections.abc import Iterator

from ..input.draft import Draft, Line
from ..schema.errors import Fault
from ..schema.tables import PROFILED, TABLES
from .lookalikes import look_alikes
from .unlikely import (
    delays_beyond_the_horizon,
    margins_below_cost,
    penalties_below_cost,
    savings_below_cost,
    sites_without_lanes,
    unneeded_outputs,
    unused_items,
)


def notice(draft: Draft) -> list[Fault]:
    """Return the warnings about a draft without faults."""
    looks = (
        look_alikes,
        _weights,
        unused_items,
        sites_without_lanes,
        _unserved,
        penalties_below_cost,
        margins_below_cost,
        savings_below_cost,
        unneeded_outputs,
        _counterpart_limits,
        _lanes,
        _qualifications,
        _orders,
        _suppliers,
        _regimes,
        _late_policies,
        _windows,
        _backorders,
        _surges,
        _savings,
        _profiles,
        _benefits,
        _kept_shares,
        delays_beyond_the_horizon,
    )
    return [warning for look in looks for warning in look(draft)]


def _weights(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["parties"]:
        if line.get("role") in ("counterpart", "other") and line.get("loss_weight") != 1:
            message = "has no effect; only losses of the focal party and its allies are weighted"
            yield line.fault(message, "loss_weight", line.get("loss_weight"))


def _unserved(draft: Draft) -> Iterator[Fault]:
    served = {(line.get("destination"), line.get("item")) for line in draft.lines["lanes"] if line.get("max_flow")}
    served |= {(line.get("site"), line.get("output")) for line in draft.lines["processes"] if line.get("capacity")}
    for line in draft.lines["demands"]:
        pair = (line.get("site"), line.get("item"))
        if line.get("quantity") and pair not in served:
            message = "no lane or process can serve this demand; it is lost every week beyond the stock"
            yield line.fault(message, "site, item", "/".join(pair))


def _counterpart_limits(draft: Draft) -> Iterator[Fault]:
    held = {
        "demands": {"min_fill": "fill rates are kept", "min_fill_week": "fill rates are kept"},
        "stocks": {"stockpile_max": "stockpiles are bought"},
    }
    for table, texts in held.items():
        for line in draft.lines[table]:
            if draft.side(line.get("site")) != "counterpart":
                continue
            for column, text in texts.items():
                if line.get(column):
                    yield line.fault(f"has no effect; {text} on our side only", column, line.get(column))


def _lanes(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["lanes"]:
        if line.get("regime") is not None and not line.get("base_flow"):
            message = f"nothing flows before week 0, yet regime {line.get('regime')!r} acts on it"
            yield line.fault(message, "base_flow", line.get("base_flow"))
        gates = [column for column in ("fixed_cost", "qualification") if line.get(column)]
        if gates and line.get("base_flow"):
            message = f"runs before week 0 (base_flow {line.get('base_flow'):g}), yet must be qualified to run on"
            yield line.fault(message, gates[0], line.get(gates[0]))
        asked = {"min_flow": line.get("min_flow"), "min_share": (line.get("min_share") or 0) * line.get("max_flow")}
        for column, least in asked.items():
            if line.get(column) and least > line.get("base_flow") and not gates:
                message = (
                    f"more than the base_flow {line.get('base_flow'):g} that runs before week 0, so that the status quo "
                    "carries more than today; lower it, unless the contract begins in week 0"
                )
                yield line.fault(message, column, line.get(column))


def _qualifications(draft: Draft) -> Iterator[Fault]:
    used = {line.get("qualification") for line in draft.lines["lanes"]}
    for line in draft.lines["qualifications"]:
        if line.get("qualification") not in used:
            message = "opens no lane, so that it is never worth its cost; name it in lanes.qualification"
            yield line.fault(message, "qualification", line.get("qualification"))


def _orders(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["lanes"]:
        if line.get("min_order") > line.get("max_flow"):
            message = f"more than max_flow {line.get('max_flow'):g}, so that nothing is ever ordered; lower it, or raise max_flow"
            yield line.fault(message, "min_order", line.get("min_order"))
    most = {line.get("lane"): line.get("max_flow") for line in draft.lines["lanes"]}
    for line in draft.lines["price_breaks"]:
        if line.get("from_flow") > most[line.get("lane")]:
            message = (
                f"more than the lane's max_flow {most[line.get('lane')]:g}, so that its price never holds; lower it"
            )
            yield line.fault(message, "from_flow", line.get("from_flow"))


def _suppliers(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["items"]:
        number, least, most = (
            line.get(column) for column in ("min_suppliers", "min_supplier_share", "max_supplier_share")
        )
        sites = {
            lane.get("origin")
            for lane in draft.lines["lanes"]
            if lane.get("item") == line.get("item")
            and draft.side(lane.get("destination")) == "ours"
            and draft.side(lane.get("origin")) != "ours"
        }
        if number > len(sites):
            message = (
                f"more than the {len(sites)} sites outside our side whose lanes bring it to us; add lanes, or lower it"
            )
            yield line.fault(message, "min_suppliers", number)
        elif number * least > 1:
            message = f"{number} suppliers of {least:g} each are more than all; lower one of them"
            yield line.fault(message, "min_supplier_share", least)
        if least > most:
            message = f"more than max_supplier_share {most:g}, so that no site may supply us; lower it"
            yield line.fault(message, "min_supplier_share", least)


def _regimes(draft: Draft) -> Iterator[Fault]:
    used = {line.get("regime") for line in draft.lines["lanes"]}
    for line in draft.lines["regimes"]:
        if line.get("regime") not in used:
            yield line.fault("no lane carries this regime; its policies have no effect", "regime", line.get("regime"))


def _windows(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["demands"]:
        if line.get("fill_window") is not None and not line.get("min_fill"):
            yield line.fault("has no effect; min_fill is 0", "fill_window", line.get("fill_window"))


def _backorders(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["demands"]:
        share, cost = line.get("backorder_share"), line.get("backorder_cost")
        if cost and not share:
            yield line.fault("has no effect; backorder_share is 0", "backorder_cost", cost)
        if share and not cost:
            message = "waiting costs nothing, so that a unit served late is as good as one in time; write what a week of it costs"
            yield line.fault(message, "backorder_cost", cost)


def _surges(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["policies"]:
        if line.get("surge") and not line.get("start_week"):
            message = "has no effect; the policy begins in week 0, and nothing comes before it"
            yield line.fault(message, "surge", line.get("surge"))


def _savings(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["recipes"]:
        if line.get("saving_cost") and not line.get("saving_share"):
            yield line.fault("has no effect; saving_share is 0", "saving_cost", line.get("saving_cost"))


def _profiles(draft: Draft) -> Iterator[Fault]:
    """Warn of steps that move nothing, and of weeks in which more runs than a lane can carry."""
    rows = {
        (table, "/".join(str(line.get(name)) for name in TABLES[table].key)): line
        for table in PROFILED
        for line in draft.lines[table]
    }
    factors: dict[tuple[str, str], dict[int, tuple[float, Line]]] = {}
    for line in draft.lines["profiles"]:
        table, key, column = line.get("table"), line.get("key"), line.get("column")
        if not rows[table, key].get(column):
            yield line.fault(f"has no effect; {column} of {key!r} is 0", "column", column)
        if table == "lanes" and column in ("base_flow", "max_flow"):
            factors.setdefault((key, column), {})[line.get("from_week")] = line.get("factor"), line
    for key in dict.fromkeys(key for key, _ in factors):
        steps = [factors.get((key, column), {}) for column in ("base_flow", "max_flow")]
        now = [1.0, 1.0]
        for week in sorted({*steps[0], *steps[1]}):
            now = [step[week][0] if week in step else before for step, before in zip(steps, now, strict=True)]
            runs, carries = (
                factor * rows["lanes", key].get(column) if factor else 0.0
                for factor, column in zip(now, ("base_flow", "max_flow"), strict=True)
            )
            if runs > carries * (1 + 1e-9):
                line = next(step[week][1] for step in steps if week in step)
                message = (
                    f"from week {week} on the base_flow of {key!r} is {runs:g}, more than the {carries:g} that it can carry then; "
                    "move both"
                )
                yield line.fault(message, "factor", line.get("factor"))


def _late_policies(draft: Draft) -> Iterator[Fault]:
    assert draft.settings is not None
    weeks = draft.settings.horizon.weeks
    for line in draft.lines["policies"]:
        if line.get("start_week") >= weeks:
            message = f"has no effect; the last week is {weeks - 1}"
            yield line.fault(message, "start_week", line.get("start_week"))


def _benefits(draft: Draft) -> Iterator[Fault]:
    for line in draft.lines["policies"]:
        regime = draft.regimes.get(line.get("regime"))
        if line.get("ally_benefit") and regime is not None and draft.party_side(regime.get("controller")) != "ours":
            message = f"has no effect; allies give for policies of our side, and {regime.get('controller')!r} controls this regime"
            yield line.fault(message, "ally_benefit", line.get("ally_benefit"))


def _kept_shares(draft: Draft) -> Iterator[Fault]:
    assert draft.settings is not None
    for line in draft.lines["lanes"]:
        if not line.get("kept_share"):
            continue
        message = None
        if draft.side(line.get("origin")) != "ours" or draft.side(line.get("destination")) != "counterpart":
            message = "has no effect; customers stay away on lanes from our side to the counterpart alone"
        elif not line.get("margin"):
            message = "has no effect; the lane has no margin that could stay lost"
        elif not draft.settings.horizon.after_weeks:
            message = "has no effect; horizon.after_weeks says for how many weeks after the end sales stay lost"
        if message:
            yield line.fault(message, "kept_share", line.get("kept_share"))
