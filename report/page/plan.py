"""What the page of a plan says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...data.schema.names import policy_words
from ...model.network import NONE
from ..charts.narrow import pair_title
from ..charts.plan import counterpart_losses, margins, our_losses, settlements, sourcing_figures
from ..charts.supply_map import change_words, supply_map
from ..charts.timeline import timeline_figure
from ..charts.weeks import MOST_PAIRS, each_week_figure, moving_pairs
from ..format.cells import cells
from ..format.columns import PAGE, TEXT, shown_on
from ..format.numbers import brief, counted, decimals, gap, number, percent, plain, rough
from ..format.words import words_of
from ..text.bargain import HEADS, lasting_lines, stake_lines, term_lines, week_cells
from ..text.plan import plan_name
from ..text.plan_cells import (
    SERVICE_HEADS,
    allocation_cells,
    allocation_heads,
    alternative_cells,
    case_limit_cells,
    cause_cells,
    landed_cells,
    landed_heads,
    limit_cells,
    loss_cells,
    scenario_cells,
    scenario_columns,
    service_cells,
    stockpile_cells,
)
from ..text.reason_cells import reason_cells, reason_heads
from ..text.study import candidate_cells, candidate_heads, known_cells, region_lines, rest_words, worth_lines
from ..text.words import (
    alternative_words,
    alternatives_words,
    case_line,
    how,
    in_money,
    opening,
    range_words,
    status_words,
    under,
    worlds_words,
)
from ..views.case import SourceRow, sources_view
from ..views.outcomes import ScenarioRow
from ..views.plan import PlanView, plan_view
from ..views.policies import POLICY_COLUMNS
from ..views.reasons import lanes_needed
from .data import embedded, flows_data, weekly_data, what_if_data, what_if_rows
from .inline import picture

if TYPE_CHECKING:
    from ...data import Case
    from ...data.schema.names import Names
    from ...model import Plan
    from ...model.network import Pair
    from ..charts.drawing import Artist
    from ..format.words import Words
    from ..views.case import CaseView
    from ..views.study import StudyView


MOST_IN_GROUP = 3
"""Figures of a group that the page names."""


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
    # First what the artist may draw meanwhile.
    pictures = {} if plan.leverage is None else _pictures(plan, artist)
    view = plan_view(plan)
    calm = {NONE: view.case.words.calm}
    network = supply_map(plan)
    content: dict[str, Any] = {
        "solved": view.outcome is not None,
        "title": plain(view.case.title),
        "lead": case_line(view.case),
        "named": plan_name(view),
        "answer": opening(view),
        "notices": [*remarks, *view.notices],
        "violations": view.violations,
        "sources": sources(plan.case),
        "assumed": view.case.words.assumed,
        "words": view.case.words,
        "proof": proof(view, plan.case, run),
        "map": network,
        "lane_rows": [_lane_row(row, plan.case.names) for row in network.lanes],
        **pictures,
    }
    if view.outcome is None:
        return content | {"limit_rows": [case_limit_cells(row) for row in view.limits]}
    return content | {
        "under": under(view),
        "figures": key_figures(view),
        "wide": view.wide,
        "study": None if view.study is None else _study(view.study, view.case),
        "policies": _policies(view),
        "open": [plain(row.name) for row in view.left_open],
        "limits": [{"cells": row, "share": use.share} for row, use in zip(limit_cells(view), view.uses, strict=True)],
        "alternatives": _alternatives(view),
        "reason_heads": reason_heads(view.case.words),
        "reasons": list(reason_cells(view.reasons)),
        "cause_rows": _cause_rows(view),
        "reviews": [*term_lines(view), *lasting_lines(view)],
        "stake": [] if view.bargain is None else list(stake_lines(view, view.bargain)),
        "week_heads": HEADS,
        "week_rows": [] if view.bargain is None else week_cells(view.bargain.weeks),
        "loss_rows": _loss_rows(view),
        "lanes": _sourcing_rows(view),
        "stockpiles": list(stockpile_cells(view)),
        "allocation_heads": allocation_heads(view),
        "allocation": list(allocation_cells(view)),
        "landed_heads": landed_heads(view),
        "landed": list(landed_cells(view)),
        "service_heads": SERVICE_HEADS,
        "service": [[calm.get(row[0], row[0]), *row[1:]] for row in service_cells(view)],
        "scenarios": _scenario_rows(view),
        "scenario_heads": [column.title for column in scenario_columns(view)],
    }


def _pictures(plan: Plan, artist: Artist) -> dict[str, Any]:
    """Return the charts of a plan, and the names of what they leave out."""
    content: dict[str, Any] = {"weeks": {}, "more": {}, "steady": {}}
    line = timeline_figure(plan)
    content["timeline"] = None if line is None else picture(line, "timeline", artist)
    drawn: dict[str, tuple[str, Pair]] = {}
    for side in words_of(plan.case).sides:
        pairs = moving_pairs(plan, side)
        figures = each_week_figure(plan, side, pairs)
        content["weeks"][side] = [picture(figure, f"{side}{place}", artist) for place, figure in enumerate(figures)]
        drawn |= {f"{side}{place}": (side, pair) for place, pair in enumerate(pairs[:MOST_PAIRS])}
        content["more"][side] = [pair_title(plan, pair) for pair in pairs[MOST_PAIRS:]]
        content["steady"][side] = _steady(plan, side, pairs)
    content["data"] = {"weeks-data": weekly_data(plan, drawn), "flows-data": flows_data(plan)}
    if (found := what_if_data(plan)) is not None:
        content["data"]["what-if-data"] = found
    content["what_if"] = what_if_rows(plan)
    content["data"] = {name: embedded(document) for name, document in content["data"].items()}
    losses = {"our-losses": our_losses(plan)}
    if plan.case.pressed:
        losses = {"their-losses": counterpart_losses(plan), **losses}
    content["losses"] = [picture(figure, key, artist) for key, figure in losses.items()]
    content["sourcing"] = [
        picture(figure, f"supply{place}", artist) for place, figure in enumerate(sourcing_figures(plan))
    ]
    content["settling"] = None if (settled := settlements(plan)) is None else picture(settled, "settling", artist)
    content["margins"] = None if (figure := margins(plan)) is None else picture(figure, "margins", artist)
    return content


def _alternatives(view: PlanView) -> dict[str, Any] | None:
    """Return the rows of other plans, and whether there are more; None where they were not asked for."""
    found = view.alternatives
    if found is None:
        return None
    rows = zip(found.rows, alternative_cells(found), strict=True)
    return {"rows": [(alternative_words(row), cells) for row, cells in rows], "words": alternatives_words(found)}


def key_figures(view: PlanView) -> list[tuple[str, str, str, str]]:
    """Return what is looked at first: label, figure to three significant digits, remark, and all digits of the figure."""
    assert view.outcome is not None
    words, places = view.case.words, decimals([view.outcome])

    def row(label: str, value: float, remark: str) -> tuple[str, str, str, str]:
        return label, in_money(view.case, brief(value)), remark, in_money(view.case, number(value, places))

    rows = [row(words.title, view.outcome, status_words(view, words))]
    if view.study is not None and view.worlds is not None:
        low, high = rough(view.study.low), in_money(view.case, rough(view.study.high))
        rows = [
            (words.title, f"{low} to {high}", f"5 to 95% of {counted(view.study.n, 'world')}", ""),
            ("On average", in_money(view.case, rough(view.worlds.mean or 0.0)), "over the worlds", ""),
            row("As is", view.outcome, "at the case's own figures"),
        ]
    elif view.range is not None:
        own = f"at the case's own figures; {status_words(view, words)}"
        rows = [
            (words.title, range_words(view.range, view.case), worlds_words(view.range, words), ""),
            row("As is", view.outcome, own),
        ]
    if view.least is not None:
        rows.append(row(words.worst_tie.capitalize(), view.least, "if the counterpart breaks ties against us"))
    return rows + [row(label, getattr(view, name), under(view)) for label, name in words.key_figures]


def _study(study: StudyView, case: CaseView) -> dict[str, Any]:
    """Return what is said beside a plan for many worlds."""
    return {
        "known": [(plain(row.name), *known_cells(row), _some(row.figures)) for row in study.first],
        "money": plain(case.money),
        "rest": rest_words(study),
        "plans": list(candidate_cells(study)),
        "heads": list(candidate_heads(case.words)),
        "lines": list(worth_lines(study, case)),
        "region": list(region_lines(study.region, case.words)),
    }


def _some(figures: Sequence[str]) -> str:
    """Return the first figures of a group, and how many more there are."""
    told, left = list(map(plain, figures[:MOST_IN_GROUP])), len(figures) - MOST_IN_GROUP
    return "; ".join(told + ([f"and {left} more"] if left > 0 else []))


# Tables --------------------------------------------------------------------------------------------------------------


def _policies(view: PlanView) -> dict[str, Any]:
    """Return heads and rows of the policy table; a row is a name, and cells with whether they are figures."""
    columns = shown_on(POLICY_COLUMNS, PAGE)
    rows = zip(*(cells(column, view.chosen) for column in columns), strict=True)
    figures = [column.kind != TEXT for column in columns]
    return {
        "heads": list(zip((column.named(plain(view.case.money)) for column in columns), figures, strict=True)),
        "rows": [{"name": found[0], "cells": list(zip(found[1:], figures[1:], strict=True))} for found in rows],
    }


def _steady(plan: Plan, side: str, moving: Sequence[Pair]) -> list[str]:
    """Return the pairs of a side that are served in full and are not drawn."""
    drawn = set(moving)
    fills = plan.tables["fills"]
    pairs = fills.loc[fills["side"] == side, ["site", "item"]].drop_duplicates().itertuples(index=False, name=None)
    return [pair_title(plan, pair) for pair in pairs if pair not in drawn]


def _loss_rows(view: PlanView) -> list[dict[str, Any]]:
    """Return losses by their parts, in the scenarios that decide, as a table."""
    found = []
    for loss in view.losses:
        rows, total = loss_cells(loss)
        found.append({"side": view.case.words.side[loss.side], "rows": rows, "total": total})
    return found


def _cause_rows(view: PlanView) -> list[dict[str, Any]]:
    """Return losses by cause, in the scenarios that decide, as a table."""
    found = []
    for causes in view.causes:
        rows, total = cause_cells(causes)
        found.append({"side": view.case.words.side[causes.side], "rows": rows, "total": total})
    return found


def _sourcing_rows(view: PlanView) -> list[list[str]]:
    places = decimals(row.cost for row in view.lanes)
    rows, needed = [], lanes_needed(view.reasons)
    for row in view.lanes:
        told = f"qualified, for {plain(needed[row.id])}" if row.id in needed else "qualified"
        state = told if row.qualified else "not qualified" if row.to_qualify else ""
        share = [percent(row.status_quo_share), percent(row.plan_share)]
        rows.append([plain(row.title), plain(row.item), plain(row.party), *share, number(row.cost, places), state])
    return rows


def _remark(row: ScenarioRow, words: Words, *, alone: bool) -> str:
    kind = "" if alone or (row.weighed and not row.worst) else words.worst_kind if row.worst else words.unrated_kind
    binding = f"at its least fill: {'; '.join(map(plain, row.at_limit))}" if row.at_limit else ""
    return "; ".join(part for part in (kind, binding) if part)


def _scenario_rows(view: PlanView) -> list[dict[str, Any]]:
    return [
        {
            "name": view.case.words.calm if row.name == NONE else plain(view.titles[row.name]),
            "words": "" if row.name == NONE else plain(row.words),
            "cells": figures,
            "worst": row.worst,
            "remark": _remark(row, view.case.words, alone=len(view.scenarios) == 1),
        }
        for row, figures in zip(view.scenarios, scenario_cells(view), strict=True)
    ]


def _lane_row(row: Mapping[str, Any], names: Names) -> list[str]:
    lane = row["lane"]
    kinds = {
        "reviewed": f"reviewed: {plain(policy_words(row['policy'] or ''))}",
        "ours": "open, ours to review",
        "theirs": "theirs to review",
    }
    return [
        plain(names.site(lane.origin)),
        plain(names.site(lane.destination)),
        row["item"],
        number(row["value"], 2),
        f"{number(row['before'])} {row['unit']}".rstrip(),
        change_words(dict(row)),
        plain(names.regime(lane.regime or "")),
        kinds.get(row["kind"], ""),
    ]


# Sources and proof ---------------------------------------------------------------------------------------------------


def sources(case: Case) -> dict[str, Any]:
    """Return the sources of a case by confidence, ready to be shown."""
    view = sources_view(case)
    return {
        "counts": view.counts,
        "found": [_source(row) for row in view.found],
        "assumed": [_source(row) for row in view.assumed],
        "total": view.total,
        "words": f"{counted(view.total, 'figure')} of the case with a source, or a reason where it is assumed.",
    }


def _source(row: SourceRow) -> dict[str, Any]:
    named = {name: plain(getattr(row, name)) for name in ("confidence", "source", "date", "note")}
    return {**named, "figures": [plain(figure) for figure in row.figures]}


def proof(view: PlanView, case: Case, run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return how a plan was solved, certified and made, as label and words."""
    rows = [("Status", status_words(view, view.case.words))]
    if view.gap is not None:
        rows += [("Incumbent", number(view.outcome)), ("Bound", number(view.bound)), ("Gap", gap(view.gap))]
    rows.append(("Solved", "; ".join(how(view.solve))))
    if view.solve.difference is not None:
        rows.append(
            (
                "Certificate",
                f"{view.case.words.solved_alone}: the figures agree, "
                f"largest relative difference {view.solve.difference:.1g}",
            )
        )
    return rows + made(case, run)


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
