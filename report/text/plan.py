"""A plan on the terminal."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...model.plan.plan import served
from ..format.names import Name
from ..format.notices import notices
from ..format.numbers import counted, decimals, gap, number, percent, plain, seconds, signed
from .causes import causes_parts
from .tables import WideTable

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case
    from ...model import Plan

OPEN = "open"
NONE = "none"
SAME_SHARE = 0.005
"""Change of a lane's share below which the lane is not worth a line."""

PARTS = {
    "counterpart": {
        "purchase_cost": "purchases, goods held in review",
        "production_cost": "production",
        "holding_cost": "stockholding",
        "shortage_cost": "sales it cannot serve",
        "terminal_cost": "stock missing at the end",
        "refused_exports": "margin on exports it refuses",
        "package_cost": "cost of its package",
    },
    "ours": {
        "purchase_cost": "purchases, goods held in review",
        "transfer_income": "earned between our parties",
        "production_cost": "production",
        "holding_cost": "stockholding",
        "shortage_cost": "home demand not served",
        "lost_exports": "exports to others lost",
        "undelivered_cost": "its orders we cannot deliver",
        "terminal_cost": "stock missing at the end",
        "sales_to_counterpart": "margin on sales to it",
        "fixed_costs": "qualifying lanes",
        "stockpile": "stockpile",
        "admin_costs": "running the reviews",
    },
}
"""Where losses come from, in words; "it" is the counterpart."""

NO_MARGIN = 1e-6
"""Shortfall of a fill that is rounding."""

METHODS = {
    "evaluate": "evaluate (choices as given)",
    "columns": "columns (combinations of policies worked out one by one)",
    "program": "program (policies, response and our side in one mixed-integer program)",
    "groups": "groups (combinations of each independent group of regimes, put together by a master program)",
    "pieces": "pieces (combinations of the regimes that act on each good, put together by a master program)",
    "rows": "rows (bounds from single responses, put together by a master program)",
    "tree": "tree (branch and bound over policies)",
}

LIMITS = {"budget": "budget", "reviewer_hours": "reviewer hours", "political_capital": "political capital"}


def show_plan(plan: Plan, console: Console) -> None:
    """Print a plan.

    Parameters
    ----------
    plan
        The plan.
    console
        Where to print; its width decides where lines break.
    """
    for renderable in plan_parts(plan):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def plan_parts(plan: Plan) -> Iterable[RenderableType]:
    """Return the sections of a plan, in their order."""
    yield from _heading(plan.case)
    if plan.leverage is None:
        yield from _without_plan(plan)
        yield from _notices(plan)
        return
    yield from _headline(plan)
    yield from _violations(plan)
    yield from _notices(plan)
    yield from _policies(plan)
    yield from _limits(plan)
    yield from _sourcing(plan)
    yield from _shortages(plan)
    yield from causes_parts(plan)
    yield from _losses(plan)
    yield from _continuity(plan)
    yield from _scenarios(plan)
    yield from _proof(plan)


# Pieces --------------------------------------------------------------------------------------------------------------


def _title(text: str, note: str = "") -> RenderableType:
    title = Text("\n")
    title.append(text, style="bold")
    if note:
        title.append(f"  {note}", style="dim")
    return title


def _table(*columns: str, names: int = 1, keys: int | None = None) -> Table:
    """Return a table whose first columns hold names, which wrap, and whose others hold figures, which do not.

    On a narrow terminal the first `keys` columns are repeated: by default those of names, or the first where all are names.
    """
    if keys is None:
        keys = names if names < len(columns) else 1
    look: dict[str, Any] = {"box": box.SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "padding": (0, 1, 0, 0)}
    table = WideTable(keys, **look, header_style="dim")
    for place, column in enumerate(columns):
        if place < names:
            table.add_column(Text(column), overflow="fold", vertical="top")
        else:
            table.add_column(Text(column), justify="right", no_wrap=True, vertical="top")
    return table


def _grid(rows: Iterable[tuple[str, str, str]]) -> RenderableType:
    """Return rows of label, figure and remark."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, figure, remark in rows:
        grid.add_row(Text(label), Text(figure, style="bold"), Text(remark))
    return _indent(grid)


def _indent(renderable: RenderableType) -> RenderableType:
    return Padding(renderable, (0, 0, 0, 2), expand=False)


def _line(text: str, style: str = "") -> RenderableType:
    return _indent(Text(text, style=style, overflow="fold"))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(plain(name) for name in names)


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples()


def _money(case: Case) -> str:
    return plain(case.settings.case.currency)


def _in_money(case: Case, figure: str) -> str:
    return f"{figure} {_money(case)}".rstrip()


def _under(plan: Plan) -> str:
    return "without retaliation" if plan.worst_package == NONE else f"under {plain(plan.worst_package)}"


# Sections ------------------------------------------------------------------------------------------------------------


def _heading(case: Case) -> Iterable[RenderableType]:
    settings = case.settings
    title = plain(settings.case.title) or plain(case.name)
    yield Text(title, style="bold", overflow="fold")
    start = f" from {settings.horizon.start.isoformat()}" if settings.horizon.start else ""
    money = f"; money in {_money(case)}" if _money(case) else ""
    words = f"{plain(case.name)}: {counted(settings.horizon.weeks, 'week')}{start}{money}"
    yield Text(words, style="dim", overflow="fold")


def _headline(plan: Plan) -> Iterable[RenderableType]:
    assert plan.leverage is not None and plan.worst_package is not None
    places = decimals([plan.leverage])
    figures = (plan.leverage, plan.counterpart_loss, plan.own_loss)
    leverage, theirs, ours = (number(figure, places) for figure in figures)
    yield _title(f"Leverage {_in_money(plan.case, leverage)}")
    yield _line(status_words(plan))
    yield _line(f"the counterpart's loss {theirs} less our loss {ours}, {_worst_words(plan)}")
    rows = []
    if plan.bound is not None:
        only = plan.sourcing_only_leverage
        remark = "best leverage of sourcing alone" if only is not None else "no plan with every regime open is known"
        rows.append(("without reviews", number(only), remark))
    if plan.leverage_range is not None:
        low, high = (number(end, places) for end in plan.leverage_range)
        if low != high:
            rows.append(("at least", low, "if the counterpart picks the answer worst for us among its cheapest"))
    if rows:
        yield _grid(rows)


def _worst_words(plan: Plan) -> str:
    rated, worst = _rated(plan), plain(plan.worst_package)
    if plan.case.settings.objective.scenario == NONE:
        return "without retaliation: packages count through continuity only"
    if len(rated) == 1:
        return "the case having no retaliation package"
    if plan.worst_package == NONE:
        return f"worst without retaliation ({counted(len(rated) - 1, 'package')} weighed)"
    return f"under {worst}, the worst package"


def _rated(plan: Plan) -> list[str]:
    """Scenarios whose leverage counts."""
    if plan.case.settings.objective.scenario == NONE:
        return [NONE]
    packages = {row.package for row in plan.case.retaliations}
    return [name for name in plan.scenarios if name == NONE or name in packages]


def status_words(plan: Plan) -> str:
    """Return how far a plan is proven, in words."""
    if plan.status == "infeasible":
        return "as chosen; breaks limits" if plan.leverage is not None else "proven: no plan satisfies the limits"
    if plan.status == "unknown":
        return "stopped before a plan was found"
    if plan.gap is None:
        return "as chosen, not optimised; keeps all limits"
    proven = "nothing is proven about better ones"
    if plan.bound is not None and math.isfinite(plan.bound):
        places = decimals([plan.leverage or 0.0])
        proven = f"no plan can have more than {number(plan.bound, places)} (gap {gap(plan.gap)})"
    return f"optimal: {proven}" if plan.status == "optimal" else f"not proven best: {proven}"


def _violations(plan: Plan) -> Iterable[RenderableType]:
    if plan.violations:
        yield _title("Limits that these choices break")
        for violation in plan.violations:
            yield _line(f"- {plain(violation)}", "red")


def _notices(plan: Plan) -> Iterable[RenderableType]:
    found = notices(plan)
    if found:
        yield _title("Before you trust these figures")
        for notice in found:
            yield _line(f"- {plain(notice)}", "yellow")


def _policies(plan: Plan) -> Iterable[RenderableType]:
    frame = plan.tables["policies"]
    chosen = frame[frame["policy"] != OPEN]
    yield _title("Policies")
    if len(chosen):
        table = _table("Regime", "Policy", "Delay", "Granted", "Cost", "Hours", "Points", "Bites", "Short", names=2)
        delay = decimals(chosen["mean_delay"], 3)
        places = {name: decimals(chosen[name]) for name in ("admin_cost", "reviewer_load", "political_cost")}
        for row in _rows(chosen):
            table.add_row(
                Name(row.regime),
                Name(row.policy),
                number(row.mean_delay, delay),
                percent(row.approval_rate, 0),
                number(row.admin_cost, places["admin_cost"]),
                number(row.reviewer_load, places["reviewer_load"]),
                number(row.political_cost, places["political_cost"]),
                _week(row.first_bite),
                _week(row.first_shortage),
            )
        yield _indent(table)
        for row in _rows(chosen):
            if row.name != row.regime:
                yield _line(f"{plain(row.regime)}: {plain(row.name)}", "dim")
        yield _line(
            "Delay: mean weeks of review. Granted: share of licences. Bites: first week in which goods are late. "
            "Short: first week in which the counterpart sells less downstream. Week 0 is the announcement.",
            "dim",
        )
    left = frame[frame["policy"] == OPEN]
    if len(left):
        names = [f"{row.regime} ({row.name})" if row.name != row.regime else row.regime for row in _rows(left)]
        yield _line(f"Left open: {_listed(names)}")
    if not len(frame):
        yield _line("The case has no regime of ours.")


def _week(week: Any) -> str:
    import pandas as pd

    return "never" if week is None or pd.isna(week) else f"{int(week)}"


def _limits(plan: Plan) -> Iterable[RenderableType]:
    yield _title("Limits")
    table = _table("", "Used", "Allowed", "Left")
    for name, entry in plan.limits.items():
        used, most = entry["used"] or 0.0, entry["limit"]
        places = decimals([used, most or 0.0])
        unit = f" ({_money(plan.case)})" if name == "budget" and _money(plan.case) else ""
        table.add_row(
            Text(LIMITS.get(name, name) + unit),
            number(used, places),
            "no limit" if most is None else number(most, places),
            "" if most is None else number(most - used, places),
        )
    yield _indent(table)


def _sourcing(plan: Plan) -> Iterable[RenderableType]:
    frame = plan.tables["sourcing"]
    lanes = frame[frame["kind"] == "lane"]
    worst = lanes["id"].map(shares(plan, plan.worst_package or NONE))
    before, after = lanes["status_quo_share"], lanes["plan_share"]
    change = (after - before).abs().combine((worst - before).abs(), max)
    told = lanes[(change >= SAME_SHARE) | lanes["qualified"]]
    yield _title("Sourcing")
    if len(told):
        retaliated = [] if plan.worst_package == NONE else ["Worst"]
        table = _table("Lane", "From", "Before", "After", *retaliated, "Spent", "Qualifying", names=2)
        spent, fixed = decimals(told["cost"]), decimals(told["fixed_cost"])
        for row in _rows(told):
            table.add_row(
                Name(row.id),
                Name(row.party),
                percent(row.status_quo_share),
                percent(row.plan_share),
                *(percent(worst[row.Index]) for _ in retaliated),
                number(row.cost, spent),
                number(row.fixed_cost, fixed) if row.qualified else "",
            )
        yield _indent(table)
        words = (
            "Before, after: share of all the item's dispatches to the site, without retaliation; so is what is spent."
        )
        if retaliated:
            words += f" Worst: the share under {plain(plan.worst_package)}."
        yield _line(words, "dim")
    slight = int(((change > 1e-6) & (change < SAME_SHARE) & ~lanes["qualified"]).sum())
    if slight:
        yield _line(f"Share changes by less than {percent(SAME_SHARE)}: {counted(slight, 'lane')} more.")
    if not len(told) and not slight:
        yield _line("Every lane to our side keeps its share; none is qualified.")
    idle = lanes[lanes["to_qualify"] & ~lanes["qualified"]]
    if len(idle):
        yield _line(f"Not qualified: {_listed(idle['id'])}")
    yield from _stockpiles(plan, frame[frame["kind"] == "stockpile"])


def shares(plan: Plan, scenario: str) -> dict[str, float]:
    """Return every lane's share of all dispatches of its item to its destination on our side in a scenario."""
    flows = plan.tables["flows"]
    lanes = plan.tables["sourcing"].query("kind == 'lane'")["id"]
    flows = flows[(flows["side"] == "ours") & (flows["scenario"] == scenario) & flows["lane"].isin(lanes)]
    sums = flows.groupby(["destination", "item", "lane"], sort=False)["dispatched"].sum()
    totals = sums.groupby(level=["destination", "item"], sort=False).transform("sum")
    parts = (sums / totals.where(totals > 0)).fillna(0.0)
    return dict(zip(parts.index.get_level_values("lane"), parts.tolist(), strict=True))


def _stockpiles(plan: Plan, frame: pd.DataFrame) -> Iterable[RenderableType]:
    if not len(frame):
        yield _line("No stockpile.")
        return
    units = {row.item: plain(row.unit) for row in plan.case.items}
    yield _title("Stockpiles", "bought before week 0")
    table = _table("Site/item", "Units", "Cost")
    for row in _rows(frame):
        unit = units.get(row.item, "")
        table.add_row(Name(row.id), f"{number(row.plan)} {unit}".rstrip(), number(row.cost, decimals(frame["cost"])))
    yield _indent(table)


def _shortages(plan: Plan) -> Iterable[RenderableType]:
    yield _title("The counterpart's shortages")
    short = {pair: week for pair, week in plan.first_shortage_week.items() if week is not None}
    if short:
        table = _table("Site/item", "Served", "First short")
        for pair, week in short.items():
            table.add_row(Name(pair), percent(plan.counterpart_fill.get(pair)), f"week {week}")
        yield _indent(table)
    full = [pair for pair in plan.counterpart_fill if pair not in short]
    if full:
        yield _line(f"Never short: {_listed(full)}")


def _losses(plan: Plan) -> Iterable[RenderableType]:
    losses = plan.tables["losses"]
    losses = losses[losses["scenario"] == plan.worst_package]
    for side, owner, total in (
        ("counterpart", "the counterpart's", plan.counterpart_loss),
        ("ours", "our", plan.own_loss),
    ):
        rows = losses[losses["side"] == side]
        levels = decimals([*rows["status_quo"], *rows["plan"]])
        places = decimals([*rows["loss"], total or 0.0])
        noise = 0.5 * 10.0 ** -max(levels, places)
        yield _title(f"Where {owner} loss comes from", ", ".join(filter(None, (_money(plan.case), _under(plan)))))
        table = _table("", "Status quo", "Plan", "Loss")
        for row in _rows(rows):
            if max(abs(row.status_quo), abs(row.plan), abs(row.loss)) < noise:
                continue
            words = PARTS[side].get(row.part, row.part.replace("_", " "))
            table.add_row(
                Text(words), number(row.status_quo, levels), number(row.plan, levels), signed(row.loss, places)
            )
        table.add_row(Text("their sum", style="bold"), "", "", Text(number(rows["loss"].sum(), places), style="bold"))
        yield _indent(table)


def _continuity(plan: Plan) -> Iterable[RenderableType]:
    rows = list(continuity_margins(plan))
    yield _title("Continuity", "our and our allies' demand, in the worst scenario for each limit" if rows else "")
    if not rows:
        yield _line("The case sets no least fill.")
        return
    full: dict[str, list[str]] = {}
    table = _table("Site/item", "Worst in", "Limit", "Mean", "Least week", "Margin", names=2)
    for row in rows:
        limit = f"{'mean' if row['kind'] == 'min_fill' else 'any week'} {percent(row['limit'])}"
        if served(row["least_week"]):
            full.setdefault(row["demand"], []).append(limit)
            continue
        table.add_row(
            Name(row["demand"]),
            Name(row["scenario"]),
            Text(limit),
            percent(row["mean"]),
            percent(row["least_week"]),
            Text(signed(100 * row["margin"], 1), style="red" if row["margin"] < -NO_MARGIN else ""),
        )
    if table.row_count:
        yield _indent(table)
        yield _line("Margin: points of fill above the limit.", "dim")
    if full:
        listed = "; ".join(f"{plain(demand)} (limit {', '.join(limits)})" for demand, limits in full.items())
        yield _line(f"Served in full, every week of every scenario: {listed}")


def continuity_margins(plan: Plan) -> Iterable[dict[str, Any]]:
    """Return of `scenario_margins` the rows that come nearest to each limit (or break it most)."""
    for _, rows in groupby(scenario_margins(plan), key=itemgetter("demand", "kind")):
        yield min(rows, key=itemgetter("margin"))


def scenario_margins(plan: Plan) -> Iterable[dict[str, Any]]:
    """Return how far every least fill of our side is kept in every scenario, limit by limit.

    Parameters
    ----------
    plan
        A plan with its tables.

    Returns
    -------
    iterable of dict
        demand (``site/item``), kind (``min_fill`` or ``min_fill_week``), limit, scenario, mean, least_week, margin.
    """
    fills = plan.tables["fills"]
    fills = fills[fills["side"] == "ours"]
    pairs = dict(iter(fills.groupby(["site", "item"], sort=False)))
    for demand in plan.case.demands:
        if (demand.site, demand.item) not in pairs:
            continue
        by_scenario = pairs[demand.site, demand.item].groupby("scenario", sort=False)["fill"].agg(["mean", "min"])
        levels = list(_rows(by_scenario.reset_index()))
        for kind, measure in (("min_fill", "mean"), ("min_fill_week", "min")):
            limit = getattr(demand, kind)
            for level in levels if limit > 0 else ():
                yield {
                    "demand": f"{demand.site}/{demand.item}",
                    "kind": kind,
                    "limit": limit,
                    "scenario": level.scenario,
                    "mean": level.mean,
                    "least_week": level.min,
                    "margin": getattr(level, measure) - limit,
                }


def _scenarios(plan: Plan) -> Iterable[RenderableType]:
    rated = set(_rated(plan))
    yield _title("Scenarios", _money(plan.case))
    table = _table("", "Leverage", "Its loss", "Our loss", "Note")
    columns = ("leverage", "counterpart_loss", "own_loss")
    places = {name: decimals(entry[name] for entry in plan.scenarios.values()) for name in columns}
    for name, entry in plan.scenarios.items():
        worst = name == plan.worst_package
        remark = "worst package" if worst else "" if name in rated else "not rated"
        if entry.get("at_limit"):
            remark = f"{remark}, binds".removeprefix(", ")
        cells = [number(entry[column], places[column]) for column in columns]
        table.add_row(Name(name), *cells, remark, style="bold" if worst else "")
    yield _indent(table)
    if any(name not in rated for name in plan.scenarios):
        yield _line("Not rated: counts through continuity only.", "dim")
    bound = {name: entry["at_limit"] for name, entry in plan.scenarios.items() if entry.get("at_limit")}
    if bound:
        demands = "; ".join(f"{name}: {', '.join(pairs)}" for name, pairs in bound.items())
        yield _line(f"Binds: a fill is at its least there ({demands}).", "dim")


def _proof(plan: Plan) -> Iterable[RenderableType]:
    yield _title("How it was solved")
    yield _line("; ".join(_how(plan.solve)))
    if plan.certificate:
        worst = max(plan.certificate.values())
        words = (
            f"Checked: linear programs solved alone give the same figures (largest relative difference {worst:.1g})."
        )
        yield _line(words)


def _how(solve: Any) -> Iterable[str]:
    named = str(solve.get("method", ""))
    yield f"method {METHODS.get(named, plain(named) or 'unknown')}"
    if solve.get("reason"):
        yield plain(solve["reason"])
    if solve.get("enumerated", solve.get("combinations")) != solve.get("combinations"):
        yield f"{solve['enumerated']:,} of {solve['combinations']:,} combinations worked out"
    yield f"{seconds(solve.get('seconds', 0.0))}, of which {seconds(solve.get('build_seconds', 0.0))} to build"
    if solve.get("nodes"):
        yield counted(solve["nodes"], "node")
    if solve.get("rows"):
        yield f"{solve['rows']:,} rows, {solve['columns']:,} columns"
    if solve.get("solver"):
        version = f" {plain(solve['solver_version'])}" if solve.get("solver_version") else ""
        yield f"program handed to {plain(solve['solver'])}{version}, which ended with {plain(solve['solver_termination'])}"
    if solve.get("highs"):
        yield f"HiGHS {solve['highs']}, Pyomo {solve['pyomo']}"


def _without_plan(plan: Plan) -> Iterable[RenderableType]:
    if plan.status == "infeasible":
        yield _title("No plan satisfies the limits")
        combinations = plan.solve.get("combinations")
        if combinations:
            words = f"Proven: no plan under any of {counted(combinations, 'combination')} of policies."
        else:
            words = "Proven: no plan under any combination of policies."
        yield _line(words)
        yield from _limits_set(plan.case)
        yield _line("Which of them are in conflict, and how far each must give (add the same --set):")
        yield _line(f"  sluicegate explain {shlex.quote(plan.case.name)}")
        yield _line("Or loosen one with --set, for example")
        yield _line(f"  {_loosened(plan.case)}")
    else:
        yield _title("Stopped before a plan was found")
        yield _line("Whether there is one is not proven. Allow more time with --time-limit.")
        if plan.bound is not None and math.isfinite(plan.bound):
            yield _line(f"Any plan has a leverage of at most {_in_money(plan.case, number(plan.bound))}.")
    yield from _proof(plan)


def _limits_set(case: Case) -> Iterable[RenderableType]:
    """List what a plan has to satisfy."""
    yield _title("Limits of the case")
    table = _table("", "Limit")
    for words, limit in _limit_rows(case):
        table.add_row(Text(words), limit)
    yield _indent(table)
    yield Text("")


def _limit_rows(case: Case) -> Iterable[tuple[str, str]]:
    for name, words in LIMITS.items():
        most = getattr(case.settings.limits, name)
        if math.isfinite(most):
            yield words, f"at most {number(most)}"
    for demand in case.demands:
        for kind, words in (("min_fill", "mean fill"), ("min_fill_week", "fill of any week")):
            least = getattr(demand, kind)
            if least > 0:
                yield f"{words} of {plain(demand.site)}/{plain(demand.item)}", f"at least {percent(least)}"
    for item in case.items:
        if item.max_party_share < 1:
            words = f"share of any outside party in our intake of {plain(item.item)}"
            yield words, f"at most {percent(item.max_party_share)}"


def _loosened(case: Case) -> str:
    """Return an override that loosens a limit of the case."""
    tightest: Sequence[Any] = sorted(case.demands, key=lambda row: -max(row.min_fill, row.min_fill_week))
    if tightest and max(tightest[0].min_fill, tightest[0].min_fill_week) > 0:
        row = tightest[0]
        column = "min_fill" if row.min_fill >= row.min_fill_week else "min_fill_week"
        return f"--set '{plain(f'demands.{row.site}/{row.item}.{column}')}=*0.9'"
    return "--set 'limits.budget=*1.5'"
