"""What the page of a plan says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...model.plan.tolerances import WIDE_RANGE
from ..charts.plan import (
    MOST_PAIRS,
    counterpart_losses,
    each_week_figure,
    margins,
    moving_pairs,
    our_losses,
    pair_title,
    sourcing_figures,
)
from ..charts.supply_map import change_words, supply_map
from ..format.notices import notices
from ..format.numbers import counted, decimals, gap, number, percent, plain, signed
from ..text.plan import LIMITS, NONE, OPEN, PARTS, _how, _in_money, _limit_rows, _rated, _under, _week, status_words
from .inline import picture

if TYPE_CHECKING:
    from ...data import Case
    from ...model import Plan
    from ...model.network.network import Pair
    from ..charts.drawing import Artist

CONFIDENCES = {"high": "high", "medium": "medium", "low": "low", "assumed": "assumed", "": "not said"}

MOST_NAMED = 4
"""Names that a sentence lists before it counts."""

ASSUMED = (
    "The counterpart answers at least cost: it buys elsewhere, draws its stocks, plans its production anew. Of several "
    "cheapest answers it gives the one that is best for us; the other end of that is shown as “at least”.",
    "It retaliates with the package that is worst for us, of those the case lists.",
    "Both sides know from week 0 what is slowed, by how much and for how long.",
    "Prices do not move, and nobody who is not in the case reacts.",
    "Goods that are refused a licence are not paid for and not made up for.",
    "At the end of the horizon stocks have to be where they were; what is missing is priced.",
    "Leverage is the difference of two losses in money. It is no forecast of what a government does, and says nothing about "
    "law, allies' patience or harm to people.",
)
"""What holds for every plan, in the model's own terms."""


def plan_content(plan: Plan, run: Mapping[str, Any], remarks: Sequence[str], artist: Artist) -> dict[str, Any]:
    """Return what the template of a plan's page is filled with.

    Parameters
    ----------
    plan
        A plan with its tables.
    run
        How it was made: ``run.json``.
    remarks
        What a reader should know about the result folder.
    artist
        Who draws its charts.
    """
    case = plan.case
    # First what the artist may draw meanwhile.
    pictures = {} if plan.leverage is None else _pictures(plan, artist)
    content: dict[str, Any] = {
        "plan": plan,
        "title": case_title(case),
        "lead": case_line(case),
        "answer": answer(plan),
        "notices": [*remarks, *notices(plan)],
        "violations": plan.violations,
        "sources": sources(case),
        "assumed": ASSUMED,
        "proof": proof(plan, run),
        "map": supply_map(plan),
        "lane_rows": [],
        **pictures,
    }
    content["lane_rows"] = [_lane_row(row) for row in content["map"].lanes]
    if plan.leverage is None:
        return content | {"limit_rows": _limit_rows(case)}
    return content | {
        "figures": key_figures(plan),
        "wide": is_wide(plan),
        "policies": _policy_rows(plan),
        "open": [(row.regime, row.name) for row in plan.tables["policies"].itertuples() if row.policy == OPEN],
        "limits": _limits(plan),
        "loss_rows": _loss_rows(plan),
        "lanes": _sourcing_rows(plan),
        "stockpiles": _stockpile_rows(plan),
        "scenarios": _scenario_rows(plan),
    }


def _pictures(plan: Plan, artist: Artist) -> dict[str, Any]:
    """Return the charts of a plan, and the names of what they leave out."""
    content: dict[str, Any] = {"weeks": {}, "more": {}, "steady": {}}
    for side in ("counterpart", "ours"):
        pairs = moving_pairs(plan, side)
        figures = each_week_figure(plan, side, pairs)
        content["weeks"][side] = [picture(figure, f"{side}{place}", artist) for place, figure in enumerate(figures)]
        content["more"][side] = [pair_title(plan, pair) for pair in pairs[MOST_PAIRS:]]
        content["steady"][side] = _steady(plan, side, pairs)
    losses = {"their-losses": counterpart_losses(plan), "our-losses": our_losses(plan)}
    content["losses"] = [picture(figure, key, artist) for key, figure in losses.items()]
    content["sourcing"] = [
        picture(figure, f"supply{place}", artist) for place, figure in enumerate(sourcing_figures(plan))
    ]
    content["margins"] = None if (figure := margins(plan)) is None else picture(figure, "margins", artist)
    return content


# The answer ----------------------------------------------------------------------------------------------------------


def case_title(case: Case) -> str:
    """Return the title of a case, or its name."""
    return plain(case.settings.case.title) or plain(case.name)


def case_line(case: Case) -> str:
    """Return who, how long and in which money, in a line."""
    settings = case.settings
    roles: dict[str, list[str]] = {}
    for row in case.parties:
        roles.setdefault(row.role, []).append(plain(row.name or row.party))
    ours = roles["focal"][0] + (f" with {_and(roles['ally'])}" if "ally" in roles else "")
    start = f" from {settings.horizon.start.isoformat()}" if settings.horizon.start else ""
    money = f" Money in {plain(settings.case.currency)}." if settings.case.currency else ""
    return f"{ours}, facing {roles['counterpart'][0]}: {counted(settings.horizon.weeks, 'week')}{start}.{money}"


def answer(plan: Plan) -> list[str]:
    """Return what to do, what it leads to and how far that is proven: three sentences in plain words."""
    if plan.leverage is None:
        return list(_no_answer(plan))
    return [_to_do(plan), _outcome(plan), _proven(plan)]


def _party(case: Case, role: str) -> str:
    return next(plain(row.name or row.party) for row in case.parties if row.role == role)


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _named(names: Sequence[str]) -> str:
    """Return some names, those beyond the first few as a count."""
    if len(names) <= MOST_NAMED:
        return _and(names)
    return f"{', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} more"


def _to_do(plan: Plan) -> str:
    case, frame = plan.case, plan.tables["policies"]
    chosen = frame[frame["policy"] != OPEN]
    allied = " and its allies" if any(row.role == "ally" for row in case.parties) else ""
    who = f"{_party(case, 'focal')}{allied}"
    verb = "would" if plan.gap is None else "should"
    if len(chosen):
        names = [
            f"{plain(row.name)} ({plain(row.policy)}, about {row.mean_delay:.3g} weeks)" for row in chosen.itertuples()
        ]
        words = f"{who} {verb} slow {_and(names)}"
        left = len(frame) - len(chosen)
        if left:
            words += f", leave {counted(left, 'other regime')} open"
    else:
        words = f"{who} {verb} leave every regime open"
    steps = []
    if plan.qualified:
        steps.append(f"qualify {_named([plain(lane) for lane in plan.qualified])}")
    if plan.stockpile:
        units = {row.item: plain(row.unit) for row in case.items}
        amounts = []
        for pair, amount in plan.stockpile.items():
            item = pair.split("/")[1]
            amounts.append(
                " ".join(filter(None, (number(amount, decimals([amount], 3)), units[item], f"of {plain(item)}")))
            )
        steps.append(f"stockpile {_named(amounts)}")
    if steps:
        words += f", and {' and '.join(steps)}"
    return f"{words}."


def _outcome(plan: Plan) -> str:
    assert plan.leverage is not None
    case = plan.case
    places = decimals([plan.leverage])
    theirs, ours, leverage = (
        _in_money(case, number(value, places)) for value in (plan.counterpart_loss, plan.own_loss, plan.leverage)
    )
    worst = (
        ""
        if len(_rated(plan)) == 1
        else "; no retaliation hurts us more than none"
        if plan.worst_package == NONE
        else f" under {plain(plan.worst_package)}, the retaliation that is worst for us"
    )
    only = plan.sourcing_only_leverage
    without = (
        "" if only is None else f", where sourcing alone, without reviews, would give {_in_money(case, number(only))}"
    )
    return (
        f"Over {counted(case.settings.horizon.weeks, 'week')} {_party(case, 'counterpart')} then loses {theirs} and we lose "
        f"{ours}{worst}: a leverage of {leverage}{without}."
    )


def _proven(plan: Plan) -> str:
    if plan.gap is None:
        kept = f"they break {counted(len(plan.violations), 'limit')}" if plan.violations else "they keep all limits"
        return f"These choices were given, not optimised: nothing is proven about better ones, and {kept}."
    assert plan.leverage is not None
    if plan.bound is None:
        return "How much better another plan could be is not known."
    bound = _in_money(plan.case, number(plan.bound, decimals([plan.leverage])))
    if plan.status == "optimal":
        return (
            f"It is proven that no plan within the limits can have more than {bound}: the gap is {gap(plan.gap)}, and all "
            "least fills hold in every scenario."
        )
    return f"It is not proven best: another plan could have up to {bound}, a gap of {gap(plan.gap)}."


def _no_answer(plan: Plan) -> Iterator[str]:
    if plan.status == "infeasible":
        yield "No plan satisfies all limits of this case."
        yield "This is proven: every combination of policies was ruled out."
        yield "Which limits are in conflict, and how far each must give, is told by “sluicegate explain”."
        return
    yield "The search was stopped before a plan was found."
    if plan.bound is not None:
        yield f"If there is one, its leverage is at most {_in_money(plan.case, number(plan.bound))}."
    yield "Whether there is one is not proven; allow more time."


def is_wide(plan: Plan) -> bool:
    """Return whether leverage hangs on which of its cheapest answers the counterpart gives."""
    if plan.leverage_range is None:
        return False
    low, high = plan.leverage_range
    return high - low > WIDE_RANGE * max(abs(high), 1e-9)


def key_figures(plan: Plan) -> list[tuple[str, str, str]]:
    """Return label, figure and remark of what is looked at first."""
    assert plan.leverage is not None
    case = plan.case
    places = decimals([plan.leverage])
    rows = [("Leverage", _in_money(case, number(plan.leverage, places)), status_words(plan))]
    if plan.leverage_range is not None:
        low = number(plan.leverage_range[0], places)
        rows.append(
            ("At least", _in_money(case, low), "if the counterpart gives the answer worst for us among its cheapest")
        )
    rows += [
        ("Its loss", _in_money(case, number(plan.counterpart_loss, places)), _under(plan)),
        ("Our loss", _in_money(case, number(plan.own_loss, places)), _under(plan)),
    ]
    return rows


# Tables --------------------------------------------------------------------------------------------------------------


def _policy_rows(plan: Plan) -> list[list[str]]:
    frame = plan.tables["policies"]
    chosen = frame[frame["policy"] != OPEN]
    parties = {row.party: plain(row.name or row.party) for row in plan.case.parties}
    places = {name: decimals(chosen[name]) for name in ("admin_cost", "reviewer_load", "political_cost")}
    return [
        [
            plain(row.name),
            plain(row.regime),
            parties[row.controller],
            plain(row.policy),
            f"{row.mean_delay:.3g}",
            percent(row.approval_rate, 0),
            number(row.admin_cost, places["admin_cost"]),
            number(row.reviewer_load, places["reviewer_load"]),
            number(row.political_cost, places["political_cost"]),
            _week(row.first_bite),
            _week(row.first_shortage),
        ]
        for row in chosen.itertuples()
    ]


def _limits(plan: Plan) -> list[dict[str, Any]]:
    found = []
    for name, entry in plan.limits.items():
        used, most = entry["used"] or 0.0, entry["limit"]
        places = decimals([used, most or 0.0])
        unit = plain(plan.case.settings.case.currency) if name == "budget" else ""
        found.append(
            {
                "name": LIMITS.get(name, name) + (f" ({unit})" if unit else ""),
                "used": number(used, places),
                "most": "no limit" if most is None else number(most, places),
                "left": "" if most is None else number(most - used, places),
                "share": None if not most else min(1.0, used / most),
            }
        )
    return found


def _steady(plan: Plan, side: str, moving: Sequence[Pair]) -> list[str]:
    """Return the pairs of a side that are served in full and are not drawn."""
    drawn = set(moving)
    fills = plan.tables["fills"]
    pairs = fills.loc[fills["side"] == side, ["site", "item"]].drop_duplicates().itertuples(index=False, name=None)
    return [pair_title(plan, pair) for pair in pairs if pair not in drawn]


def _loss_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return both losses by their parts, in the worst package, as a table."""
    frame = plan.tables["losses"]
    frame = frame[frame["scenario"] == plan.worst_package]
    found = []
    for side, words in (("counterpart", "The counterpart"), ("ours", "Our side")):
        rows = frame[frame["side"] == side]
        levels, places = decimals([*rows["status_quo"], *rows["plan"]]), decimals(rows["loss"])
        told = [
            (
                PARTS[side].get(row.part, row.part.replace("_", " ")),
                number(row.status_quo, levels),
                number(row.plan, levels),
                signed(row.loss, places),
            )
            for row in rows.itertuples()
            if max(abs(row.status_quo), abs(row.plan), abs(row.loss)) >= 0.5 * 10.0 ** -max(levels, places)
        ]
        found.append({"side": words, "rows": told, "total": number(rows["loss"].sum(), places)})
    return found


def _sourcing_rows(plan: Plan) -> list[list[str]]:
    frame = plan.tables["sourcing"]
    frame = frame[frame["kind"] == "lane"]
    places = decimals(frame["cost"])
    rows = []
    for row in frame.itertuples():
        state = "qualified" if row.qualified else "not qualified" if row.to_qualify else ""
        share = [percent(row.status_quo_share), percent(row.plan_share)]
        rows.append([plain(row.id), plain(row.item), plain(row.party), *share, number(row.cost, places), state])
    return rows


def _stockpile_rows(plan: Plan) -> list[list[str]]:
    frame = plan.tables["sourcing"]
    frame = frame[frame["kind"] == "stockpile"]
    units = {row.item: plain(row.unit) for row in plan.case.items}
    return [
        [plain(row.id), f"{number(row.plan)} {units[row.item]}".rstrip(), number(row.cost, decimals(frame["cost"]))]
        for row in frame.itertuples()
    ]


def _scenario_rows(plan: Plan) -> list[dict[str, Any]]:
    rated = set(_rated(plan))
    columns = ("leverage", "counterpart_loss", "own_loss")
    places = {name: decimals(entry[name] for entry in plan.scenarios.values()) for name in columns}

    def remark(name: str, entry: Mapping[str, Any]) -> str:
        kind = "worst package" if name == plan.worst_package else "" if name in rated else "continuity only"
        binding = f"at its least fill: {', '.join(map(plain, entry['at_limit']))}" if entry.get("at_limit") else ""
        return "; ".join(part for part in (kind, binding) if part)

    return [
        {
            "name": plain(name),
            "cells": [number(entry[column], places[column]) for column in columns],
            "worst": name == plan.worst_package,
            "remark": remark(name, entry),
        }
        for name, entry in plan.scenarios.items()
    ]


def _lane_row(row: Mapping[str, Any]) -> list[str]:
    lane = row["lane"]
    kinds = {
        "reviewed": f"reviewed: {plain(row['policy'])}",
        "ours": "open, ours to review",
        "theirs": "theirs to review",
    }
    return [
        plain(lane.origin),
        plain(lane.destination),
        row["item"],
        number(row["value"], 2),
        f"{number(row['before'])} {row['unit']}".rstrip(),
        change_words(dict(row)),
        plain(lane.regime or ""),
        kinds.get(row["kind"], ""),
    ]


# Sources and proof ---------------------------------------------------------------------------------------------------


def sources(case: Case) -> dict[str, Any]:
    """Return the sources of a case by confidence, figures with one source and note put together."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for row in case.sources:
        key = (row.confidence, plain(row.source), plain(row.date), plain(row.note))
        figure = ".".join(filter(None, (row.table_, row.key_, row.column_)))
        groups.setdefault(key, []).append(plain(f"{figure} = {row.value}" if row.value else figure))
    counts = {name: sum(1 for row in case.sources if row.confidence == name) for name in CONFIDENCES}
    told = [
        {"confidence": CONFIDENCES[key[0]], "source": key[1], "date": key[2], "note": key[3], "figures": figures}
        for key, figures in sorted(groups.items(), key=lambda entry: list(CONFIDENCES).index(entry[0][0]))
    ]
    return {
        "counts": [(CONFIDENCES[name], count) for name, count in counts.items() if count],
        "found": [entry for entry in told if entry["confidence"] != "assumed"],
        "assumed": [entry for entry in told if entry["confidence"] == "assumed"],
        "total": len(case.sources),
        "words": f"{counted(len(case.sources), 'figure')} of the case with a source, or a reason where it is assumed.",
    }


def proof(plan: Plan, run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return how a plan was solved, certified and made, as label and words."""
    rows = [("Status", status_words(plan))]
    if plan.gap is not None:
        rows += [("Incumbent", number(plan.leverage)), ("Bound", number(plan.bound)), ("Gap", gap(plan.gap))]
    rows.append(("Solved", "; ".join(_how(plan.solve))))
    if plan.certificate:
        worst = max(plan.certificate.values())
        rows.append(
            (
                "Certificate",
                "with the policies fixed, the response and our side were solved alone as linear programs: the figures agree, "
                f"largest relative difference {worst:.1g}",
            )
        )
    return rows + made(plan.case, run)


def made(case: Case, run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a result was made from and with, as label and words."""
    rows = [("Case", f"{plain(case.name)}, SHA-256 {case.digest}")]
    if run:
        overrides = ", ".join(map(plain, run.get("overrides") or ())) or "none"
        told = ", ".join(filter(None, (run.get("command"), run.get("began"))))
        rows += [("Overrides", overrides), ("Made", plain(told))]
        options = {name: value for name, value in (run.get("options") or {}).items() if value not in (None, "", [], {})}
        rows.append(("Options", ", ".join(plain(f"{name} {value}") for name, value in options.items()) or "none"))
        versions = run.get("versions") or {}
        rows.append(("Versions", ", ".join(plain(f"{name} {value}") for name, value in versions.items()) or "not said"))
    return rows
