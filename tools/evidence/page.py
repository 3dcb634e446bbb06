"""Writes the pages on the evidence and their charts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from sluicegate import load_case
from sluicegate.report.charts.base import Written, write_chart

from . import assumptions, charts, record, scores, studies
from .episodes import pages as episodes
from .episodes.backtest import EPISODES, Backtest, backtest
from .episodes.overview import of_2019, of_episode
from .findings import Findings, differences, find, in_the_world_that_came, shipped_share
from .sampling import BASES, SAMPLES, SEED, read_ranges
from .savings import Saving, with_savings
from .templating import percent, render, two, whole
from .variants import VARIANTS, WATCHED

if TYPE_CHECKING:
    from sluicegate import Plan

DOCS = Path(__file__).parents[2] / "docs"

IN_CHART = 15
"""Assumptions shown in the tornado."""

DRAWN = 6
"""Digits after the point of an index that are drawn."""

DRIVES = 0.05
"""Share of the leverage by which an assumption must move it to be one that it hangs on."""

ROUNDING = 1e-6
"""What a solver leaves of an exact tie with a forecast; no better than it."""

MEASURES = (
    "rank correlation",
    "error / status quo",
    "error / cut-off",
    "inside their interval",
    "Korea's loss, USD m",
    "Japan's own loss, no retaliation, USD m",
)

BEFORE = {
    "first": (("0.54", "0.79", "0.91", "33.3%", "883", "7"), ("0.60", "0.61", "0.75", "28.0%", "330", "7")),
    "contracts": (("0.45", "0.80", "0.92", "33.3%", "923", "35"), ("0.57", "0.62", "0.76", "28.0%", "379", "33")),
}
"""Pooled `MEASURES`, ex-ante and ex-post: as first scored, and with carrying costs, contracts and today's model, all cells."""


def build() -> Iterator[Path]:
    """Write the pages and their charts; yield what was written."""
    findings = {variant: find(variant) for variant in VARIANTS}
    tested = in_the_world_that_came(findings)
    table = assumptions.stored()
    tests = {episode: backtest(episode) for episode in EPISODES}
    for name, text in {**pages(findings, tested, table, tests), **episodes.pages(tests)}.items():
        path = DOCS / name
        path.write_text(text, encoding="utf-8")
        yield path
    (DOCS / "images").mkdir(exist_ok=True)
    for name, chart in drawn(findings, table, tests).items():
        yield write_chart(chart, DOCS / "images" / f"evidence-{name}.svg")


def pages(
    findings: dict[str, Findings], tested: Plan, table: pd.DataFrame, tests: Mapping[str, Backtest]
) -> dict[str, str]:
    """Return the text of both pages by file name."""
    overview = [
        of_2019(findings["ex-ante"]),
        *(row for name, found in tests.items() for row in of_episode(name, found)),
    ]
    context = {
        "found": findings,
        "tested": tested,
        "overview": overview,
        "rhos": _ends(row.rho for row in overview),
        "served": float(tests["antimony-2024"].shortages["served"].min()),
        **_context(findings),
        **_assumed(table),
        "later_case": _assumed(assumptions.stored(assumptions.LATER), assumptions.LATER),
    }
    return {f"{name}.md": render(name, context) for name in ("evidence", "evidence-assumptions")}


def _ends(values: Iterable[float]) -> tuple[float, float]:
    kept = list(values)
    return min(kept), max(kept)


def _context(findings: dict[str, Findings]) -> dict[str, Any]:
    ante, post = findings["ex-ante"], findings["ex-post"]
    about = record.series()
    cells = ante.cells.merge(post.cells, on="name", suffixes=("", "_post"))
    cells["period"] = cells["period"].map(_shown)
    cells["title"] = cells["series"].map(about["name"])
    cells["unit"] = cells["series"].map(about["unit"])
    cells["moves"] = cells["name"].map(ante.movers)
    cells["moves_post"] = cells["name"].map(post.movers)
    beaten = {
        (variant, forecast): int((found.scores.drop("pooled")[forecast] < 1 - ROUNDING).sum())
        for variant, found in findings.items()
        for forecast in scores.NAIVE
    }
    return {
        "cells": cells.to_dict("records"),
        "by_cell": {row["name"]: row for row in cells.to_dict("records")},
        "series": about.to_dict("index"),
        "differences": differences(),
        "ranges": {variant: read_ranges(variant) for variant in findings},
        "watched": WATCHED,
        "beaten": beaten,
        "naive": scores.NAIVE,
        "losses": _losses(findings),
        "forecasts": _forecasts(),
        "shipped": {variant: shipped_share(found.case, found.response) for variant, found in findings.items()},
        "samples": SAMPLES,
        "bases": BASES,
        "seed": SEED,
        "later": _later(ante),
        "held_back": _held_back(ante.plan, post.plan),
        "halt": _losses_of(post.plan, "memory-halt"),
        "changed": _changed(ante, post),
        "savings": {name: _savings(found) for name, found in findings.items()},
    }


def _later(ante: Findings) -> list[dict[str, str]]:
    """Figures of the ex-ante case that were published after the announcement, and why they may stand in it."""
    return [
        {"path": f"{row.table_}.{row.key_}.{row.column_}", "date": row.date, "note": row.note}
        for row in ante.case.sources
        if row.date > "2019-07-04"
    ]


def _held_back(ante: Plan, post: Plan) -> dict[str, float]:
    """OLED sales that Japan goes without where nothing comes of a halt, by variant, and the weeks in which it does."""
    found: dict[str, float] = {}
    for name, plan in (("ante", ante), ("post", post)):
        causes, fills = plan.tables["causes"], plan.tables["fills"]
        ours = (causes["side"] == "ours") & (causes["scenario"] == "none")
        found[name] = float(causes[ours & (causes["cause"] == "sales") & (causes["item"] == "oled")]["amount"].sum())
        short = fills[(fills["side"] == "ours") & (fills["scenario"] == "none") & (fills["item"] == "oled")]
        found["weeks"] = int(short[short["fill"] < 1 - ROUNDING]["week"].max() + 1)
    return found


def _losses_of(plan: Plan, scenario: str) -> dict[str, float]:
    """Both losses in a scenario."""
    row = plan.scenarios[scenario]
    return {"own": row["own_loss"], "counterpart": row["counterpart_loss"]}


def _changed(ante: Findings, post: Findings) -> dict[str, list[str]]:
    """Pooled scores and losses as figures and rules changed: ex-ante before and now, then ex-post."""
    now = [
        (
            two(found.scores.loc["pooled", "rho"]),
            two(found.scores.loc["pooled", "status quo"]),
            two(found.scores.loc["pooled", "total cut-off"]),
            percent(found.coverage),
            whole(found.response.loss),
            whole(found.plan.scenarios["none"]["own_loss"]),
        )
        for found in (ante, post)
    ]
    return {
        name: [step[variant][place] for variant in (0, 1) for step in (*BEFORE.values(), now)]
        for place, name in enumerate(MEASURES)
    }


def _savings(found: Findings) -> list[Saving]:
    kept = found.cells[found.cells["kept"]].rename(columns={"record": "index"})
    return with_savings(found.case, kept)


def _forecasts() -> tuple[float, float]:
    """Least and greatest loss of Korea's in the studies made before the fact, USD m."""
    values = [loss for loss in studies.losses() if loss.when == "before"]
    return min(loss.low for loss in values), max(loss.high for loss in values)


def _losses(findings: dict[str, Findings]) -> list[dict[str, Any]]:
    """Losses of the record beside the model's of the variant that knew as much, with the protocol's words."""
    rows = []
    for loss in studies.losses():
        found = findings["ex-ante" if loss.when == "before" else "ex-post"]
        if loss.name.startswith("Japan's lost sales"):
            model = float(found.spread.loc["japan lost sales", "value"])
        elif loss.who == "japan":
            model = float(found.plan.scenarios["none"]["own_loss"])
        else:
            model = found.response.loss
        ratio, words = scores.magnitude(model, loss.low, loss.high)
        rows.append({"loss": loss, "model": model, "ratio": ratio, "words": words})
    return rows


def _assumed(table: pd.DataFrame, name: str = assumptions.CASE) -> dict[str, Any]:
    far = assumptions.ranges()
    drawn_figures = {row.figure for row in load_case(name).uncertainties}
    rows = table.to_dict("records")
    for place, row in enumerate(rows):
        about = assumptions.Assumption(row["table"], row["column"], row["note"], tuple(row["keys"].split()))
        settled = far.loc[(row["table"], row["column"]), "settled_by"]
        row.update(rank=place + 1, reason=assumptions.span(about).reason, settled=settled, name=_name(row))
        row["drawn"] = any(f"{about.table}.{key}.{about.column}" in drawn_figures for key in about.keys)
    return {
        "assumptions": rows,
        "assumption_base": float(table["base"].iloc[0]),
        "moving": int((table["swing"] >= 0.01 * table["base"].abs()).sum()),
        "driving": [row for row in rows if row["swing"] >= DRIVES * abs(row["base"])],
        "unmeasured": [row for row in rows if math.isnan(row["swing"])],
        "figures": int(table["keys"].str.split().str.len().clip(lower=1).sum()),
        "searched": [row for row in rows if row["change_low"] or row["change_high"]],
    }


def _name(row: dict[str, Any]) -> str:
    keys = row["keys"].split()
    shown = keys[0] if keys else ""
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    return f"{row['table']} {shown}{more}, {row['column']}".replace("  ", " ").replace(" ,", ",")


def drawn(findings: dict[str, Findings], table: pd.DataFrame, tests: Mapping[str, Backtest]) -> dict[str, Written]:
    """Return the charts by name."""
    about = record.series()
    titles = {name: f"{row['name']} ({row['unit']})" for name, row in about.iterrows()}
    seen = record.cells()
    seen = seen[seen["scored"]]
    starts = pd.to_datetime(seen["first_month"])
    ends = pd.to_datetime(seen["last_month"]) + pd.offsets.MonthEnd(0)
    told = pd.DataFrame(
        {"series_name": seen["series"].map(titles), "start": starts, "end": ends, "index": seen["index"]}
    )
    lines = []
    for variant, found in findings.items():
        for name in about.index:
            months = record.monthly(found.case, found.response.arrivals, name)
            dates = pd.to_datetime(months.index) + pd.Timedelta(days=14)
            lines.append(
                pd.DataFrame(
                    {
                        "series_name": titles[name],
                        "start": dates,
                        # The rounding of the solver is not drawn, so that a chart is the same wherever it is made.
                        "index": months.to_numpy().round(DRAWN),
                        "what": variant,
                    }
                )
            )
    spans = []
    for variant, found in findings.items():
        kept = found.cells[found.cells["kept"]]
        spans.append(
            pd.DataFrame(
                {
                    "cell": kept["series"].map(titles) + ", " + kept["period"].map(_shown),
                    "what": variant,
                    "low": kept["low"],
                    "high": kept["high"],
                    "record": kept["record"],
                }
            )
        )
    top = pd.DataFrame(_assumed(table)["assumptions"][:IN_CHART])
    top["name"] = top["rank"].astype(str) + ". " + top["name"]
    return {
        "imports": charts.by_month(told, pd.concat(lines)),
        "intervals": charts.intervals(pd.concat(spans)),
        "losses": charts.losses(_loss_frame(findings)),
        "assumptions": charts.swings(top, float(table["base"].iloc[0])),
        **episodes.charted(tests),
    }


def _shown(period: str) -> str:
    return period.replace("..2019-", " to ").replace("..2020-", " to ")


def _loss_frame(findings: dict[str, Findings]) -> pd.DataFrame:
    rows = [
        {
            "name": f"model, {variant}",
            "kind": "model",
            "low": max(float(found.spread.loc["loss", "low"]), 1.0),
            "value": found.response.loss,
            "high": float(found.spread.loc["loss", "high"]),
        }
        for variant, found in findings.items()
    ]
    for loss in studies.losses():
        if loss.who == "korea":
            kind = "study before" if loss.when == "before" else "study after"
            rows.append({"name": loss.name, "kind": kind, "low": loss.low, "value": loss.value, "high": loss.high})
    return pd.DataFrame(rows).sort_values("value", kind="stable")
