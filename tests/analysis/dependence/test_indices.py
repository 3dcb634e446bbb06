"""Dependence measures against figures worked by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from pytest import approx
from rich.cells import cell_len
from rich.console import Console
from sluicegate import Case, case_from_tables, load_case
from sluicegate.analysis.dependence.indices import FRAMES, Indices, herfindahl, indices
from sluicegate.analysis.dependence.survival import Supplier, Survival, nodes
from sluicegate.model.leader.problem import Problem
from sluicegate.report.format.documents import to_json
from sluicegate.report.text.indices import print_indices

from sluicegate_testing.strategies import cases

Row = dict[str, Any]

ROLES = {"us": "focal", "friend": "ally", "them": "counterpart", "world": "other", "east": "other"}


def made(weeks: int = 10, sites: Mapping[str, str] | None = None, items: str = "x", **tables: list[Row]) -> Case:
    """A case of five parties with a site each of the same name; ``sites`` are further ones with their party.

    They always hold an idle item: a counterpart with nothing to decide is no case.
    """
    tables["stocks"] = [*tables.get("stocks", []), stock("them", 0, "idle")]
    places = {**{party: party for party in ROLES}, **(sites or {})}
    rows: dict[str, list[Row]] = {
        "parties": [{"party": party, "role": role} for party, role in ROLES.items()],
        "sites": [{"site": site, "party": party} for site, party in places.items()],
        "items": [{"item": item} for item in (*items, "idle")],
        "demands": [],
        **tables,
    }
    return case_from_tables("small", {"case": {"currency": "EUR"}, "horizon": {"weeks": weeks}}, rows)


def lane(origin: str, destination: str, flow: float, cost: float = 1.0, item: str = "x", **columns: Any) -> Row:
    """A lane ``origin-destination``; its most is its base flow unless columns say otherwise."""
    ends = {"lane": f"{origin}-{destination}", "item": item, "origin": origin, "destination": destination}
    return ends | {"unit_cost": cost, "base_flow": flow, "max_flow": flow} | columns


def spare(origin: str, destination: str, most: float, **columns: Any) -> Row:
    """A lane that did not run before week 0."""
    return lane(origin, destination, 0.0, max_flow=most, **columns)


def demand(site: str, quantity: float, penalty: float = 10.0, item: str = "x") -> Row:
    return {"site": site, "item": item, "quantity": quantity, "shortage_penalty": penalty}


def stock(site: str, initial: float, item: str = "x") -> Row:
    return {"site": site, "item": item, "initial": initial, "terminal_target": 0.0}


def mill(site: str, output: str = "x", **columns: Any) -> Row:
    return {"process": f"{output}-{site}", "site": site, "output": output} | columns


def row(frame: pd.DataFrame, **where: Any) -> Row:
    """The one row of a frame where columns have these values."""
    for column, wanted in where.items():
        frame = frame[frame[column].isna() if wanted is None else frame[column] == wanted]
    assert len(frame) == 1, frame
    return frame.iloc[0].to_dict()


def without(found: Indices, side: str, node: str, kind: str = "site") -> tuple[int, int | None, float]:
    """(weeks survived, weeks to recover, value lost) without a node; a lane has no value lost of its own."""
    times = row(found.survival, side=side, kind=kind, node=node)
    recovered = None if pd.isna(times["ttr_weeks"]) else int(times["ttr_weeks"])
    if kind == "lane":
        return int(times["tts_weeks"]), recovered, math.nan
    return int(times["tts_weeks"]), recovered, row(found.chokepoints, side=side, kind=kind, node=node)["lost_value"]


# Concentration -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amounts", "index"),
    [([5.0], 1.0), ([1.0, 1.0], 0.5), ([60.0, 30.0, 10.0], 0.46), ([1.0] * 4, 0.25), ([3.0, 0.0], 1.0)],
)
def test_herfindahl(amounts: list[float], index: float) -> None:
    assert herfindahl(amounts) == approx(index)


def test_herfindahl_of_nothing_is_not_defined() -> None:
    assert math.isnan(herfindahl([])) and math.isnan(herfindahl([0.0]))


@pytest.fixture(scope="module")
def traded() -> Indices:
    """We take in 100 x a week: 40 from the world, 30 from them, 10 from the east, 20 of our own; a friend gets 20 of them."""
    return indices(
        made(
            lanes=[
                lane("world", "us", 40, 1),
                lane("them", "us", 30, 2, margin=0.5),
                lane("east", "us", 10, 1),
                lane("us", "friend", 20, 3),
            ],
            processes=[mill("us", capacity=20)],
            demands=[demand("us", 80), demand("friend", 20)],
        )
    )


def test_concentration_of_a_side(traded: Indices) -> None:
    # .4^2 + .3^2 + .1^2 + .2^2 = .16 + .09 + .01 + .04; what goes to the friend entered once.
    assert row(traded.concentration, kind="side", buyer="ours", item="x") == {
        "kind": "side",
        "buyer": "ours",
        "item": "x",
        "intake": approx(100),
        "own_share": approx(0.2),
        "suppliers": 4,
        "hhi": approx(0.30),
        "hhi_points": approx(3000),
        "largest": "world",
        "largest_share": approx(0.4),
    }


def test_concentration_of_a_party(traded: Indices) -> None:
    friend = row(traded.concentration, kind="party", buyer="friend")
    assert (friend["intake"], friend["own_share"], friend["hhi"], friend["largest"]) == (20, 0, 1, "us")
    assert not (traded.concentration["buyer"] == "them").any()


def test_goods_from_an_untracked_site_of_ones_own_are_own_supply() -> None:
    found = indices(
        made(
            sites={"quarry": "us", "depot": "us"},
            lanes=[lane("quarry", "depot", 6), lane("depot", "us", 8), lane("world", "depot", 2)],
            demands=[demand("us", 8)],
        )
    )
    # depot-us moves what has entered already.
    assert row(found.concentration, kind="party", buyer="us")["intake"] == 8
    assert row(found.concentration, kind="party", buyer="us")["own_share"] == approx(0.75)


# Core dependency indicators ----------------------------------------------------------------------------------------


def dependency(own: float, home: float, exports: float, *imports: Row) -> Row:
    """The indicators of x on our side, which makes ``own``, uses ``home`` and sells ``exports`` abroad at 3 a unit."""
    lanes = [*imports, lane("us", "east", exports, 3)] if exports else list(imports)
    case = made(lanes=lanes, processes=[mill("us", capacity=own)], demands=[demand("us", home)])
    return row(indices(case).dependency, side="ours", item="x")


def test_core_dependency_indicators() -> None:
    found = dependency(20, 80, 10, lane("world", "us", 40, 1), lane("them", "us", 30, 2))
    # Shares of import value .4 and .6; kept of our own 20 - 10, at the mean price (40 + 60 + 30) / 80.
    assert found == {
        "side": "ours",
        "item": "x",
        "outside_imports": approx(100),
        "inside_supply": approx(16.25),
        "exports": approx(30),
        "cdi1": approx(0.52),
        "cdi2": approx(100 / 116.25),
        "cdi3": approx(100 / 46.25),
        "met": 3,
        "dependent": True,
        "largest": "them",
        "largest_share": approx(0.6),
    }


def test_thresholds_must_be_exceeded() -> None:
    # CDI 2 is 10 / 20 and CDI 3 is 10 / 10: neither above its threshold.
    found = dependency(10, 20, 0, lane("world", "us", 10))
    assert (found["cdi1"], found["cdi2"], found["cdi3"]) == (1, approx(0.5), approx(1))
    assert (found["met"], found["dependent"]) == (1, False)


def test_spread_imports_are_no_dependency() -> None:
    found = dependency(0, 30, 0, *(lane(origin, "us", 10) for origin in ("world", "them", "east")))
    assert (found["cdi1"], found["cdi2"], found["dependent"]) == (approx(1 / 3), 1, False)
    assert math.isinf(found["cdi3"])


def test_trade_within_a_side_is_no_import(traded: Indices) -> None:
    assert row(traded.dependency, side="ours")["outside_imports"] == approx(110)
    assert row(traded.dependency, side="ours")["exports"] == 0
    # Priced at (40 + 60 + 10 + 60) / 100: the lane to the friend is between parties.
    assert row(traded.dependency, side="ours")["inside_supply"] == approx(20 * 1.7)


def test_items_nobody_pays_for_are_counted_in_units() -> None:
    found = dependency(10, 40, 0, lane("world", "us", 20, 0), lane("them", "us", 10, 0))
    assert (found["outside_imports"], found["inside_supply"]) == (30, approx(10))
    assert found["cdi1"] == approx(5 / 9)


# Exposure ----------------------------------------------------------------------------------------------------------


def test_exposure_both_ways() -> None:
    found = indices(
        made(
            items="xy",
            lanes=[
                lane("us", "them", 10, 4, margin=1),
                lane("us", "world", 30, 4, margin=2),
                lane("east", "them", 10, 8),
                lane("them", "us", 5, 6, item="y", margin=3) | {"lane": "y"},
            ],
            processes=[mill("us"), mill("them", "y"), mill("them")],
            recipes=[{"process": "y-them", "input": "x", "quantity": 4}],
            demands=[demand("us", 20), demand("us", 5, item="y"), demand("them", 5, item="y")],
        )
    ).exposure
    # They also make 20 of the 40 x they need (free of charge, so all they can't get elsewhere): only lanes are given.
    sold = row(found, buyer="counterpart", item="x")
    assert (sold["flow"], sold["value"], sold["import_share"]) == (10, 40, approx(40 / 120))
    # Exports 40 + 120; home demand 20 at the mean price (40 + 120 + 80) / 50.
    assert (sold["export_share"], sold["sales_share"]) == (approx(40 / 160), approx(40 / (160 + 20 * 4.8)))
    assert (sold["margin"], sold["margin_share"]) == (10, approx(10 / 70))
    bought = row(found, buyer="ours", item="y")
    assert (bought["value"], bought["import_share"], bought["intake_share"], bought["export_share"]) == (30, 1, 1, 1)
    assert bought["sales_share"] == approx(0.5)
    assert (bought["margin"], bought["margin_share"]) == (15, 1)
    whole = row(found, buyer="ours", item=None)
    assert (whole["value"], whole["import_share"], whole["margin"]) == (30, 1, 15)
    assert math.isnan(whole["intake_share"]) and math.isnan(whole["sales_share"])


def test_intake_counts_own_production() -> None:
    found = indices(
        made(
            lanes=[lane("us", "them", 6, 2)],
            processes=[mill("them", capacity=4)],
            demands=[demand("them", 10)],
        )
    ).exposure
    assert row(found, buyer="counterpart", item="x")["intake_share"] == approx(0.6)


# Time to survive, time to recover, chokepoints -----------------------------------------------------------------------

ALTERNATIVES = [
    spare("world", "them", 4, available_week=5),
    spare("east", "them", 6, available_week=3, ramp_weeks=2, lead_weeks=1),
]


def cut_off(initial: float, alternatives: list[Row]) -> Indices:
    """They need 10 a week, worth 7 each, from us, 2 weeks away; 20 are under way."""
    return indices(
        made(
            lanes=[lane("us", "them", 10, lead_weeks=2), *alternatives],
            stocks=[stock("them", initial)],
            demands=[demand("them", 10, 7)],
        )
    )


def test_stocks_and_goods_under_way_last() -> None:
    # 20 + 35 for weeks 0 to 4, then 4 a week of the 10: 55 + 4 < 60.
    found = cut_off(35, ALTERNATIVES[:1])
    assert without(found, "counterpart", "us") == (5, None, approx(7 * (100 - 55 - 20)))
    assert row(found.chokepoints, side="counterpart", kind="site", node="us")["score"] == approx(0.25)
    assert row(found.chokepoints, side="counterpart", kind="site", node="us")["hardest_hit"] == "them/x"
    assert row(found.survival, side="counterpart", kind="site", node="us")["first_short"] == "them/x"


def test_alternatives_take_over_after_availability_ramp_and_lead_time() -> None:
    # East's 2, 4, 6 leave in weeks 3, 4, 5 and arrive a week later; with the world's 4 that is 10 from week 6 on.
    # Before: 20 + 15 last through week 2; weeks 3 to 5 bring 2 + 8 more, 35 + 10 < 60 by 15.
    found = cut_off(15, ALTERNATIVES)
    assert without(found, "counterpart", "us") == (3, 6, approx(7 * 15))
    assert row(found.survival, side="counterpart", kind="site", node="us")["gap_weeks"] == 3
    assert without(found, "counterpart", "us-them", "lane")[:2] == (3, 6)
    assert without(found, "counterpart", "us", "party") == (3, 6, approx(7 * 15))


def test_stocks_that_bridge_the_gap() -> None:
    found = cut_off(35, ALTERNATIVES)
    assert without(found, "counterpart", "us") == (10, 6, 0)
    times = row(found.survival, side="counterpart", kind="site", node="us")
    assert (times["gap_weeks"], times["first_short"]) == (0, None)


def test_without_what_is_not_needed_nothing_is_lost() -> None:
    found = cut_off(15, ALTERNATIVES)
    assert without(found, "counterpart", "east") == (10, 0, 0)
    assert not (found.survival["side"] == "ours").any()


def test_a_lane_to_qualify_is_no_alternative() -> None:
    case = made(
        lanes=[lane("them", "us", 10), spare("world", "us", 10) | {"fixed_cost": 5}],
        stocks=[stock("us", 30)],
        demands=[demand("us", 10)],
    )
    found = indices(case)
    assert without(found, "ours", "them") == (3, None, approx(700))
    assert not (found.survival["node"] == "world-us").any()


def chain(**columns: Any) -> Case:
    """They make y of the world's x for us and for their home, one to one; they hold 8 x, we hold 10 y."""
    return made(
        weeks=8,
        items="xy",
        lanes=[lane("world", "them", 5), lane("them", "us", 5, item="y", margin=2)],
        processes=[mill("them", "y", unit_cost=0.1)],
        recipes=[{"process": "y-them", "input": "x", "quantity": 1}],
        stocks=[stock("them", 8), stock("us", 10, "y")],
        demands=[demand("us", 5, 9, "y")],
        **columns,
    )


def test_what_lies_behind_the_counterpart_counts() -> None:
    # 8 x make 8 y: with our 10 they serve 3 weeks of 5, and lose 40 - 18 in the end.
    found = indices(chain())
    assert without(found, "ours", "world") == (3, None, approx(22 * 9))
    # Without them our 10 last 2 weeks.
    assert without(found, "ours", "them") == (2, None, approx(30 * 9))
    # Their own sales to us: 8 of 40, and all of them once they are shut.
    assert without(found, "counterpart", "world") == (1, None, approx(32 * 2))
    assert without(found, "counterpart", "them") == (0, None, approx(40 * 2))


def shop(weeks: int = 10) -> Case:
    """They sell 4 a week at home, worth 10 each, and 6 abroad, with a margin of 5, of 5 each from us and the east."""
    return made(
        weeks,
        lanes=[
            lane("us", "them", 5),
            lane("east", "them", 5),
            lane("them", "world", 4, margin=5) | {"lane": "four"},
            lane("them", "world", 2, margin=5) | {"lane": "two"},
        ],
        demands=[demand("them", 4, 10)],
    )


def test_a_shut_site_sells_nothing_abroad_but_serves_its_home() -> None:
    found = indices(shop())
    assert without(found, "counterpart", "them") == (0, None, approx(300))
    assert row(found.chokepoints, side="counterpart", kind="site", node="them")["score"] == approx(30 / 70)
    # Half of the supply serves half of everything: sales are rationed pro rata.
    assert without(found, "counterpart", "us") == (0, None, approx(350))


def test_what_a_shut_lane_leaves_serves_the_other_customers() -> None:
    survival = Survival(Problem(shop()))
    # 5 a week remain for 4 at home once the exports are shut too; 20 and 10 a week of margin are lost.
    for lanes, lost in (
        ({"four"}, 200),
        ({"four", "two"}, 300),
        ({"four", "two", "us-them"}, 300),
        ({"four", "us-them"}, 200 + 500 * (1 - 5 / 6)),
        (set(), 0),
    ):
        node = Supplier("lane", "several", "them", frozenset(lanes))
        assert sum(survival.without(node, "counterpart").lost.values()) == approx(lost, abs=1e-6), lanes


def test_our_exports_count_with_their_margin() -> None:
    found = indices(
        made(
            lanes=[lane("us", "world", 6, margin=5), lane("us", "them", 3, margin=9), lane("east", "us", 13)],
            demands=[demand("us", 4, 10), demand("them", 3)],
        )
    )
    # Shut, we still serve our home; sales to the counterpart are no demand of ours.
    assert without(found, "ours", "us") == (0, None, approx(300))
    assert without(found, "ours", "east") == (0, None, approx(700))
    # What they order must be there to be delivered.
    assert without(found, "counterpart", "east")[:2] == (0, None)


def test_exports_of_an_untracked_site_are_lost_with_it() -> None:
    found = indices(made(items="xy", lanes=[lane("us", "world", 6, margin=5), lane("them", "us", 1, item="y")]))
    assert without(found, "ours", "us")[2] == approx(300)
    assert without(found, "counterpart", "them")[0] == 0


def test_demand_is_what_the_status_quo_serves() -> None:
    found = indices(made(lanes=[lane("world", "us", 6)], demands=[demand("us", 10)]))
    assert without(found, "ours", "world") == (0, None, approx(600))
    assert row(found.chokepoints, side="ours", kind="site", node="world")["score"] == approx(1)


def test_recovery_at_the_end_of_the_horizon_is_not_believed() -> None:
    # The world's 5 a week are half of what the port and we need. In weeks 8 and 9 both could be served, were what we
    # get then sent in weeks 6 and 7, at the expense of the port. 10 are under way.
    found = indices(
        made(
            sites={"port": "us"},
            lanes=[
                lane("world", "port", 5),
                lane("them", "port", 5),
                lane("port", "us", 5, lead_weeks=2, max_flow=10),
            ],
            demands=[demand("us", 5), demand("port", 5)],
        )
    )
    assert without(found, "ours", "them") == (2, None, approx(10 * (100 - 10 - 50)))


# Whole cases -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tutorial() -> Indices:
    return indices(load_case("tutorial"))


def test_tutorial(tutorial: Indices) -> None:
    # Abroad holds acid for two weeks and gas for one; home has no stock of chips (docs/indices.md).
    assert without(tutorial, "counterpart", "acid-home-abroad", "lane")[:2] == (2, None)
    assert without(tutorial, "counterpart", "gas-home-abroad", "lane")[:2] == (1, None)
    assert without(tutorial, "counterpart", "home", "party") == (1, None, approx(900))
    assert without(tutorial, "ours", "abroad", "party") == (0, None, approx(480))
    assert without(tutorial, "ours", "home", "party") == (1, None, approx(432))
    chips = row(tutorial.exposure, buyer="ours", item="chip")
    assert (chips["value"], chips["export_share"], chips["sales_share"]) == (32, 0.5, approx(0.4))


def check(found: Indices) -> None:
    """What holds of every case."""
    weeks = found.case.settings.horizon.weeks
    assert found.concentration["hhi"].between(0, 1 + 1e-9).all()
    assert (found.concentration["hhi"] >= found.concentration["largest_share"] ** 2 - 1e-9).all()
    assert (found.concentration["hhi"] >= 1 / found.concentration["suppliers"] - 1e-9).all()
    scores = found.chokepoints.merge(found.survival, on=["side", "kind", "node", "party"], validate="one_to_one")
    assert len(scores) == len(found.chokepoints)
    assert scores["score"].dropna().between(0, 1 + 1e-6).all()
    assert scores["tts_weeks"].between(0, weeks).all()
    # Value is lost only where demand is, and always then but where a unit is worth nothing.
    assert (scores.loc[scores["tts_weeks"] == weeks, "lost_value"] == 0).all()
    owner = {site.site: site.party for site in found.case.sites}
    for side, rows in scores.groupby("side"):
        parties = rows[rows["kind"] == "party"].set_index("node")
        for entry in rows[rows["kind"] == "site"].itertuples():
            whole = parties.loc[owner[entry.node]]
            assert whole["tts_weeks"] <= entry.tts_weeks, (side, entry.node)
            assert whole["lost_value"] >= entry.lost_value * (1 - 1e-6) - 1e-6, (side, entry.node)


def test_tutorial_is_consistent(tutorial: Indices) -> None:
    check(tutorial)


@settings(max_examples=30)
@given(cases())
def test_every_case_is_consistent(drawn: tuple[dict[str, Any], dict[str, list[Row]]]) -> None:
    check(indices(case_from_tables("drawn", *drawn)))


@settings(max_examples=10)
@given(cases())
def test_one_node_leaves_no_trace_in_the_next(drawn: tuple[dict[str, Any], dict[str, list[Row]]]) -> None:
    problem = Problem(case_from_tables("drawn", *drawn))
    used = Survival(problem)
    for side in ("ours", "counterpart"):
        concerned = [node for node in nodes(problem.network) if used.concerns(node, side)]
        assert concerned
        for node in concerned:
            used.without(node, side)
        for node in concerned[-1:]:
            ours, fresh = used.without(node, side), Survival(problem).without(node, side)
            assert (ours.survived, ours.recovered) == (fresh.survived, fresh.recovered)
            assert math.fsum(ours.lost.values()) == approx(math.fsum(fresh.lost.values()), rel=1e-6, abs=1e-6)


def test_frames_carry_their_units(traded: Indices) -> None:
    for name, columns in FRAMES.items():
        frame = getattr(traded, name)
        assert frame.attrs["units"] == columns and list(frame.columns) == list(columns)


def test_document(tutorial: Indices) -> None:
    document = json.loads(to_json(tutorial.to_dict()))
    assert (document["case"], document["currency"], document["weeks"]) == ("tutorial", "million", 10)
    assert document["units"]["survival"]["tts_weeks"] == "weeks"
    world = next(entry for entry in document["survival"] if entry["node"] == "world" and entry["kind"] == "party")
    assert (world["tts_weeks"], world["ttr_weeks"], world["first_short"]) == (10, 0, None)
    assert document["exposure"][-1]["item"] is None
    json.dumps(tutorial.to_dict(), allow_nan=True)


def shown(found: Indices, width: int = 80) -> str:
    console = Console(width=width, file=None)
    with console.capture() as captured:
        print_indices(found, console)
    return captured.get()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_fits_the_terminal(tutorial: Indices, width: int) -> None:
    text = shown(tutorial, width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert "\x1b" not in text


def test_says_what_matters(tutorial: Indices) -> None:
    text = " ".join(shown(tutorial).split())
    for words in (
        "tutorial: 10 weeks; money in million",
        "Chip lot 4 0% 1 10,000 Abroad 100%",
        "Chip Abroad 32 1.00 1.00 inf dependent",
        "Etching acid 10 100% 100% 100% 100% 5 100%",
        "Home Chip, Chip plant 1 never - 900 90%",
        "Nothing need be lost in 10 weeks without: Rest of the world",
    ):
        assert words in text


def test_names_are_shown_as_they_are() -> None:
    found = indices(
        made(
            sites={"[red]site[red]": "them"},
            lanes=[lane("[red]site[red]", "us", 5, margin=1) | {"lane": "[bold]"}],
            demands=[demand("us", 5)],
        )
    )
    assert "[red]site[" in shown(found, 120)


def test_sides_that_do_not_trade() -> None:
    found = indices(made(lanes=[lane("world", "us", 5)], demands=[demand("us", 5)]))
    assert found.exposure.empty and list(found.exposure.columns) == list(FRAMES["exposure"])
    assert "The two sides trade nothing with each other" in shown(found)
    assert found.to_dict()["exposure"] == []
