"""What the programs derive from a case, by hand: time, prices, worths, tracked pairs, components, scenarios."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from pytest import approx
from sluicegate import Case, evaluate
from sluicegate.model.network import Network, holding_weeks

from sluicegate_testing.builders import (
    OURS,
    THEIRS,
    Row,
    case,
    demand,
    idle,
    lane,
    needs,
    policy,
    process,
    response_cost,
    stock,
)


def reviewed(**columns: object) -> Network:
    """A lane under a regime of ours with a policy of the columns."""
    return Network(case(8, lanes=[lane("us", "them", 1.0, regime="list")], regimes=OURS, policies=[columns]))


# Time --------------------------------------------------------------------------------------------------------------


def kernels(delay: str, **columns: float) -> list[tuple[tuple[int, float], ...]]:
    """Kernels of weeks 0 to 7 under a policy."""
    network = reviewed(**policy(delay, **columns))
    return [network.kernel(network.policy("list", "slow"), week) for week in range(8)]


def test_kernel_of_a_fixed_delay() -> None:
    assert kernels("3") == [((3, 1.0),)] * 8


def test_kernel_of_a_distribution_is_normalised() -> None:
    # Weights 1, 1 and 2 at weeks 1, 3 and 3 again: shares 1/4 and 3/4, in ascending order.
    assert [tuple(map(approx, kernel)) for kernel in kernels("3:1;1:1;3:2")] == [((1, 0.25), (3, 0.75))] * 8


def test_a_refusal_does_not_touch_the_kernel() -> None:
    # What is refused is not dispatched; all that is dispatched arrives.
    kernel = kernels("1:1;3:3", approval_rate=0.5)[0]
    assert kernel == ((1, approx(0.25)), (3, approx(0.75)))
    assert holding_weeks(kernel) == approx(0.25 + 3 * 0.75)


def test_licences_cover_a_share_of_what_a_lane_can_carry() -> None:
    # 40 % of 9 from week 1 to 2; of a lane without a limit any share is none, a refusal of all is all.
    network = reviewed(**policy(3, approval_rate=0.4, start_week=1, end_week=3))
    rows = [network.granted(network.policy("list", "slow"), week) for week in range(4)]
    assert rows == [1.0, 0.4, 0.4, 1.0]
    for most, half, nothing in ((9.0, 3.6, 0.0), (math.inf, 30.0, 0.0)):
        lanes = [idle("world", "us", most)]
        network = Network(case(3, lanes=lanes, demands=[demand("us", 10.0, 1.0)]))
        assert network.capacity(network.lanes["world-us"], 0, 0.4) == approx(half)
        assert network.capacity(network.lanes["world-us"], 0, 0.0) == nothing


def test_a_contract_is_capped_to_what_is_left_of_the_lane() -> None:
    # 4 a week from week 1 on; half of 6 is 3, nothing before the lane opens.
    lanes = [idle("world", "us", 6.0, min_flow=4.0, available_week=1)]
    network = Network(case(3, lanes=lanes, demands=[demand("us", 10.0, 1.0)]))
    row = network.lanes["world-us"]
    assert [network.contracted(row, week) for week in range(3)] == [0.0, 4.0, 4.0]
    assert network.contracted(row, 1, 0.5) == 3.0


def test_a_contract_beyond_what_can_be_used_is_still_kept() -> None:
    network = Network(case(2, lanes=[idle("world", "us", 9.0, min_flow=8.0)], demands=[demand("us", 1.0, 1.0)]))
    assert network.contracted(network.lanes["world-us"], 0) == 8.0


def test_kernel_outside_its_window_is_open() -> None:
    # The window holds its first week and not its last.
    at_once, slow = ((0, 1.0),), ((2, 1.0),)
    assert kernels("2", start_week=2, end_week=5) == [at_once] * 2 + [slow] * 3 + [at_once] * 3
    assert kernels("2", start_week=6) == [at_once] * 6 + [slow] * 2
    assert kernels("2", end_week=1) == [slow] + [at_once] * 7


def test_open_is_no_policy() -> None:
    network = reviewed(**policy(3))
    assert network.policy("list", "open") is None
    assert network.kernel(None, 5) == ((0, 1.0),)
    assert network.menu == {"list": ["open", "slow"]}


def test_capacity_ramps_up() -> None:
    # From week 2 on in three steps of a third.
    row = idle("world", "us", 9.0, available_week=2, ramp_weeks=2)
    network = Network(case(6, lanes=[row], demands=[demand("us", 9.0, 1.0)]))
    assert [network.capacity(network.lanes["world-us"], week) for week in range(6)] == approx([0, 0, 3, 6, 9, 9])


def test_capacity_without_a_ramp() -> None:
    row = idle("world", "us", 9.0, available_week=1)
    network = Network(case(3, lanes=[row], demands=[demand("us", 9.0, 1.0)]))
    assert [network.capacity(network.lanes["world-us"], week) for week in range(3)] == [0.0, 9.0, 9.0]


def test_capacity_is_cut_to_what_can_be_used() -> None:
    # 3 weeks of 2, and 5 that are to be there at the end: no lane carries more, whatever it could.
    for most in (11.0, 1e9, math.inf):
        row = idle("world", "us", most)
        network = Network(
            case(3, lanes=[row], demands=[demand("us", 2.0, 1.0)], stocks=[stock("us", terminal_target=5.0)])
        )
        assert network.capacity(network.lanes["world-us"], 0) == approx(11.0)
        # Half of a lane that could carry anything is still anything.
        left = network.capacity(network.lanes["world-us"], 0, 0.5)
        assert left == approx(5.5 if most == 11.0 else 11.0)


def test_a_target_is_cut_to_what_can_be_there() -> None:
    # 4 in stock and 3 a week for 3 weeks.
    row = idle("world", "us", 3.0)
    for target, expected in ((12.0, 12.0), (14.0, 13.0), (1e8, 13.0)):
        network = Network(case(3, lanes=[row], stocks=[stock("us", 4.0, terminal_target=target)]))
        assert network.target(("us", "x")) == approx(expected)


def test_pipeline_and_target() -> None:
    # Leads 2 and 9 within a horizon of 4. Weeks 0 and 1: 3 + 5; weeks 2 and 3: 5. The target is the stock of 7 and what
    # was under way and arrives within the horizon: 3 * 2 + 5 * 4; the 5 * 5 that come later are there anyway.
    rows = [lane("world", "them", 3.0, lead_weeks=2), lane("us", "them", 5.0, lead_weeks=9)]
    made = case(4, lanes=rows, stocks=[{"site": "them", "item": "x", "initial": 7.0}])
    network = Network(made)
    assert [network.pipeline(("them", "x"), week) for week in range(4)] == approx([8.0, 8.0, 5.0, 5.0])
    assert network.target(("them", "x")) == approx(7.0 + 6.0 + 20.0)


def test_a_stated_target_replaces_the_initial_stock() -> None:
    network = Network(case(4, stocks=[stock("them", 7.0, terminal_target=2.0), stock("us", 3.0)]))
    assert network.target(("them", "x")) == 2.0
    assert network.target(("us", "x")) == 0.0
    assert network.target(("friend", "x")) == 0.0


@pytest.mark.parametrize("lead", [0, 1, 3, 4, 5, 50])
def test_a_steady_flow_is_neutral_at_the_end(lead: int) -> None:
    # Whatever the lead, going on as before costs the flow's price and nothing at the end: 4 * 2 * 1.
    made = case(4, lanes=[lane("world", "them", 2.0, lead_weeks=lead)], demands=[demand("them", 2.0, 9.0)])
    assert response_cost(made) == approx(8.0)


# Prices ------------------------------------------------------------------------------------------------------------


def test_replacement_cost_is_that_of_the_cheapest_running_lane() -> None:
    # The idle lane at 1 does not count, nor does the process at 0.
    made = case(
        lanes=[
            lane("us", "them", 1.0, unit_cost=5.0),
            lane("world", "them", 1.0, unit_cost=3.0),
            idle("overseas", "them", 9.0),
        ],
        processes=[process("them")],
        stocks=[stock("us")],
    )
    network = Network(made)
    assert network.replacement_cost(("them", "x")) == 3.0
    assert network.terminal_price(("them", "x")) == approx(3.15)
    assert network.replacement_cost(("us", "x")) == 0.0
    assert network.terminal_price(("us", "x")) == 0.0


def test_the_terminal_price_adds_the_holding_of_the_horizon() -> None:
    # The counterpart's cheapest way back costs 3, our dearest source in use 5: 1.2 times each, and 4 weeks at 0.25.
    rows = [
        lane(origin, site, 1.0, unit_cost=price)
        for site in ("us", "them")
        for origin, price in (("world", 3.0), ("overseas", 5.0))
    ]
    made = case(
        4, lanes=[*rows, idle("friend", "us", 9.0, unit_cost=9.0)], stocks=[stock("friend", terminal_price=0.0)]
    )
    settings = made.settings.model_copy(
        update={"horizon": made.settings.horizon.model_copy(update={"terminal_premium": 0.2})}
    )
    items = tuple(row.model_copy(update={"holding_cost": 0.25}) for row in made.items)
    network = Network(replace(made, settings=settings, items=items))
    assert network.terminal_price(("them", "x")) == approx(1.2 * 3.0 + 4 * 0.25)
    assert network.terminal_price(("us", "x")) == approx(1.2 * 5.0 + 4 * 0.25)
    assert network.terminal_price(("friend", "x")) == 0.0


def test_replacement_cost_falls_back_on_the_cheapest_process() -> None:
    # z from 2 y at 1: y from 3 x at 0.5, x comes at 2: y costs 6.5, z 14. Or z from w, which comes at 10, at 5: 15.
    made = case(
        items="xyzw",
        lanes=[lane("world", "us", 1.0, unit_cost=2.0), lane("world", "us", 1.0, lane="w", item="w", unit_cost=10.0)],
        processes=[
            process("us", "y", unit_cost=0.5),
            process("us", "z", unit_cost=1.0),
            process("us", "z", process="other", unit_cost=5.0),
        ],
        recipes=[
            *needs("us", "y", x=3.0),
            *needs("us", "z", y=2.0),
            {"process": "other", "input": "w", "quantity": 1.0},
        ],
    )
    network = Network(made)
    assert [network.replacement_cost(("us", item)) for item in "xyzw"] == approx([2.0, 6.5, 14.0, 10.0])


def test_stockpile_prices() -> None:
    # As stated (0 too); else 1.1 times the dearest running lane, the idle one left out; else 1.1 times R.
    made = case(
        items="xyz",
        lanes=[
            lane("world", "us", 1.0, unit_cost=2.0),
            lane("overseas", "us", 1.0, unit_cost=4.0),
            idle("friend", "us", 9.0, unit_cost=7.0),
        ],
        processes=[process("us", "y", unit_cost=3.0)],
        stocks=[
            stock("us", stockpile_max=1.0),
            stock("us", item="y", stockpile_max=1.0),
            stock("us", item="z", stockpile_max=1.0, stockpile_cost=0.0),
            stock("friend", stockpile_max=1.0, stockpile_cost=5.0),
        ],
    )
    network = Network(made)
    assert network.stockpile_price(("us", "x")) == approx(4.4)
    assert network.stockpile_price(("us", "y")) == approx(3.3)
    assert network.stockpile_price(("us", "z")) == 0.0
    assert network.stockpile_price(("friend", "x")) == 5.0


def test_slack_and_transfer_prices() -> None:
    # The slack costs ten times the larger of margin and price, weighted; margins within a party are ignored.
    made = case(
        weights={"us": 2.0},
        sites={"annex": "us"},
        lanes=[
            lane("us", "them", 1.0, margin=3.0),
            lane("friend", "them", 1.0, unit_cost=4.0, margin=3.0),
            lane("us", "annex", 1.0, margin=3.0),
            lane("us", "friend", 1.0, margin=3.0),
        ],
    )
    network = Network(made)
    lanes = network.lanes
    assert network.slack_price(lanes["us-them"], 0) == 60.0
    assert network.slack_price(lanes["friend-them"], 0) == 40.0
    assert network.transfer_margin(lanes["us-annex"]) == 0.0
    assert network.transfer_margin(lanes["us-friend"]) == 3.0


def test_sales_of_a_pair() -> None:
    # Demand 10 at 3, exports 5 at margin 1 and 2 at 0, to both of the others; the internal lane does not count.
    made = case(
        sites={"annex": "them"},
        lanes=[lane("them", "us", 5.0, margin=1.0), lane("them", "world", 2.0), lane("them", "annex", 4.0, margin=9.0)],
        demands=[demand("them", 10.0, 3.0)],
        stocks=[stock("them")],
    )
    network = Network(made)
    assert network.sales(("them", "x")) == ((17.0, 35.0),) * network.weeks
    assert network.sales(("annex", "x")) == ((0.0, 0.0),) * network.weeks


# Worth -------------------------------------------------------------------------------------------------------------


def test_worth_on_the_counterparts_side() -> None:
    # y: K/Q = (10 * 20 + 10 * 4) / 20 = 12 at them; at the annex, which them supplies, a missing unit costs 30: worth 30
    # at both. x makes y from 2 at 6: (30 - 6) / 2 = 12, more than its terminal price 1.05 * 4.
    made = case(
        items="xy",
        sites={"annex": "them"},
        lanes=[
            lane("world", "them", 9.0, unit_cost=4.0),
            lane("them", "annex", 1.0, lane="within", item="y"),
            lane("them", "us", 10.0, item="y", margin=4.0),
        ],
        processes=[process("them", "y", unit_cost=6.0)],
        recipes=needs("them", "y", x=2.0),
        demands=[demand("them", 10.0, 20.0, item="y"), demand("annex", 1.0, 30.0, item="y")],
    )
    worth = Network(made).worth("counterpart")
    assert worth["annex", "y"] == approx(30.0)
    assert worth["them", "y"] == approx(30.0)
    assert worth["them", "x"] == approx(12.0)


def test_worth_without_the_annex_is_what_sales_lose() -> None:
    made = case(
        lanes=[lane("world", "them", 20.0, unit_cost=4.0), lane("them", "us", 10.0, margin=4.0)],
        demands=[demand("them", 10.0, 20.0)],
    )
    assert Network(made).worth("counterpart")["them", "x"] == approx(12.0)


def test_worth_on_our_side() -> None:
    # Weights 2 (us) and 0.5 (friend). At us: demand 2 * 9, the export to the world 2 * 3, and what goes to the friend,
    # worth 0.5 * 50 there, with the margin 4 that we earn, weight 2: 33. An order of theirs: 10 * 5 * 0.5 at the friend,
    # so 25 again. Terminal prices are less.
    made = case(
        weights={"us": 2.0, "friend": 0.5},
        lanes=[
            lane("overseas", "us", 9.0),
            lane("us", "world", 1.0, margin=3.0),
            lane("us", "friend", 1.0, margin=4.0),
            lane("friend", "them", 1.0, unit_cost=5.0),
        ],
        demands=[demand("us", 1.0, 9.0), demand("friend", 1.0, 50.0)],
    )
    worth = Network(made).worth("ours")
    assert worth["friend", "x"] == approx(25.0)
    assert worth["us", "x"] == approx(33.0)


# Tracked pairs -----------------------------------------------------------------------------------------------------


def test_what_is_tracked() -> None:
    # A stock row, a process output, the end of a lane; not its start, not an input, not a demand, nothing of others.
    made = case(
        items="xyz",
        stocks=[stock("us", item="z")],
        lanes=[lane("friend", "them", 1.0), lane("us", "world", 1.0)],
        processes=[process("friend", "y")],
        recipes=needs("friend", "y", z=1.0),
        demands=[demand("us", 1.0, 1.0)],
    )
    network = Network(made)
    assert network.tracked == {("us", "z"), ("friend", "y"), ("them", "x"), ("depot", "x")}
    # What a demand or a recipe names has a balance, tracked or not.
    assert set(network.pairs("ours")) == {("us", "z"), ("friend", "y"), ("friend", "z"), ("us", "x")}
    assert set(network.pairs("counterpart")) == {("them", "x"), ("depot", "x")}


def test_an_untracked_pair_of_the_counterpart_supplies_its_lanes_and_no_demand() -> None:
    # Nothing brings x to them, whose demand is lost: 2 * 3 * 5. The annex and we are served all the same.
    made = case(
        2,
        sites={"annex": "them"},
        lanes=[lane("them", "annex", 4.0), lane("them", "us", 4.0)],
        demands=[demand("them", 3.0, 5.0), demand("annex", 4.0, 9.0), demand("us", 4.0, 9.0)],
    )
    assert response_cost(made) == approx(30.0 + 8.0)
    plan = evaluate(made)
    assert plan.scenarios["none"]["fill"] == {"us/x": 1.0}
    assert plan.counterpart_fill == approx({"them/x": 0.0, "annex/x": 1.0})


def test_an_untracked_pair_of_ours_supplies_its_lanes_and_no_demand() -> None:
    # Exports to them and to the world run in full, our own demand of the item is lost from the start.
    made = case(
        lanes=[
            lane("us", "them", 4.0, margin=1.0),
            lane("us", "world", 4.0, margin=1.0),
            idle("friend", "them", 4.0),
        ],
        demands=[demand("us", 2.0, 5.0), demand("them", 4.0, 9.0)],
    )
    network = Network(made)
    assert network.orders == []
    assert [row.lane for row in network.paying] == ["us-them"]
    plan = evaluate(made)
    assert plan.scenarios["none"]["fill"] == {"us/x": 0.0}
    assert plan.counterpart_fill == {"them/x": 1.0}


def test_what_our_side_watches() -> None:
    # Fills matter where goods come to us, or go abroad under a regime of theirs; not at an untracked pair, not where
    # nothing flows.
    rows = [
        lane("them", "us", 1.0),
        lane("annex", "world", 1.0, regime="ban"),
        lane("plant", "world", 1.0),
        lane("mill", "us", 1.0),
        idle("yard", "us", 1.0),
        lane("rig", "us", 1.0),
    ]
    places = ("them", "annex", "plant", "yard", "rig")
    made = case(
        sites=dict.fromkeys(("annex", "plant", "mill", "yard", "rig"), "them"),
        lanes=rows,
        stocks=[stock(site) for site in places],
        regimes=THEIRS,
        policies=[policy(1, "slow", "ban")],
        profiles=[{"table": "lanes", "key": "rig-us", "column": "base_flow", "from_week": 0, "factor": 0.0}],
    )
    network = Network(made)
    assert set(network.sold_abroad) == {(site, "x") for site in places}
    assert set(network.watched_fills) == {("them", "x"), ("annex", "x")}
    assert set(evaluate(made).counterpart_fill) == {"them/x", "annex/x", "plant/x"}


# Components --------------------------------------------------------------------------------------------------------


def grouped(weeks: int = 1, **tables: list[Row]) -> list[list[str]]:
    """Components of regimes a, b, c, each with a lane from us for an item of its name to a site of theirs of its name."""
    lanes = [lane("us", f"site-{name}", 1.0, lane=name, item=name, regime=name) for name in "abc"]
    made = case(
        weeks,
        items="abcd",
        sites={f"site-{name}": "them" for name in "abc"},
        lanes=[*lanes, *tables.pop("lanes", [])],
        regimes=[{"regime": name, "controller": "us"} for name in "abc"],
        policies=[policy(1, regime=name) for name in "abc"],
        **tables,
    )
    return Network(made).components()


def test_regimes_apart_are_components_of_their_own() -> None:
    assert grouped() == [["a"], ["b"], ["c"]]


def test_regimes_meet_in_a_process() -> None:
    # a and b make d at site a; b comes there by a lane of its own. c stays apart.
    assert grouped(
        lanes=[lane("us", "site-a", 1.0, lane="b2", item="b", regime="b")],
        processes=[process("site-a", "d")],
        recipes=needs("site-a", "d", a=1.0, b=1.0),
    ) == [["a", "b"], ["c"]]


def test_regimes_meet_at_the_end_of_a_lane_within_the_counterpart() -> None:
    # a goes on from site a to site c, where c comes in as well, but as another item: only a process joins them.
    onward = [lane("site-a", "site-c", 1.0, item="a")]
    assert grouped(lanes=onward) == [["a"], ["b"], ["c"]]
    joined = needs("site-c", "d", a=1.0, c=1.0)
    assert grouped(lanes=onward, processes=[process("site-c", "d")], recipes=joined) == [
        ["a", "c"],
        ["b"],
    ]


def test_regimes_do_not_meet_at_an_untracked_origin() -> None:
    # b leaves site a, where it is not tracked, for site b and for site c: without limit, so nothing is shared.
    onward = [lane("site-a", "site-b", 1.0, item="b"), lane("site-a", "site-c", 1.0, lane="bc", item="b")]
    assert grouped(lanes=onward) == [["a"], ["b"], ["c"]]


def test_a_regime_of_theirs_joins_nothing() -> None:
    made = case(
        lanes=[lane("them", "us", 1.0, regime="ban")],
        regimes=THEIRS,
        policies=[policy(1, "slow", "ban")],
    )
    network = Network(made)
    assert (network.components(), network.regimes, network.menu) == ([], [], {})


def test_a_regime_without_a_lane_is_a_component() -> None:
    assert Network(case(regimes=OURS, policies=[policy(1)])).components() == [["list"]]


# Scenarios ---------------------------------------------------------------------------------------------------------


def test_scenarios_and_what_packages_cost() -> None:
    made = case(
        4,
        items="xy",
        lanes=[lane("them", "us", 1.0, regime="ban"), lane("them", "us", 1.0, lane="y", item="y", regime="halt")],
        regimes=[*THEIRS, {"regime": "halt", "controller": "them"}],
        policies=[policy(1, "slow", "ban"), policy(1, "slow", "halt")],
        retaliations=[
            {"package": "both", "regime": "ban", "policy": "slow", "cost": 2.0},
            {"package": "both", "regime": "halt", "policy": "slow", "cost": 3.0},
            {"package": "one", "regime": "ban", "policy": "slow"},
        ],
        contingencies=[
            {"contingency": "strike", "lane": "y", "from_week": 1, "to_week": 2, "availability": 0.5},
            {"contingency": "strike", "lane": "y", "from_week": 2, "availability": 0.2},
            {"contingency": "storm", "lane": "y", "from_week": 0, "to_week": 99, "availability": 0.0},
        ],
    )
    network = Network(made)
    assert network.scenarios == ["none", "both", "one", "strike", "storm"]
    assert network.rated == ["none", "both", "one"]
    assert network.package_cost == {"none": 0.0, "both": 5.0, "one": 0.0}
    assert network.packages == {"both": {"ban": "slow", "halt": "slow"}, "one": {"ban": "slow"}}
    # Rows of one contingency that meet in a week multiply; the last week is included.
    assert network.availability("strike") == approx(
        {("lane", "y", 1): 0.5, ("lane", "y", 2): 0.1, ("lane", "y", 3): 0.2}
    )
    assert network.availability("storm") == {("lane", "y", week): 0.0 for week in range(4)}
    assert network.availability("none") == {}


def test_the_objective_may_leave_packages_out() -> None:
    made = case(
        objective="none",
        lanes=[lane("them", "us", 1.0, regime="ban")],
        regimes=THEIRS,
        policies=[policy(1, "slow", "ban")],
        retaliations=[{"package": "stop", "regime": "ban", "policy": "slow"}],
    )
    network = Network(made)
    assert (network.scenarios, network.rated) == (["none", "stop"], ["none"])


def test_no_capacity_of_an_unlimited_process_is_none() -> None:
    # A share of 0 of an infinite capacity is 0: 5 * 3 are lost in the fire, nothing before.
    made: Case = case(
        processes=[process("us")],
        demands=[demand("us", 5.0, 3.0)],
        contingencies=[{"contingency": "fire", "process": "x-at-us", "from_week": 0, "availability": 0.0}],
    )
    assert math.isinf(Network(made).processes["x-at-us"].capacity)
    assert evaluate(made).scenarios["fire"]["own_loss"] == approx(15.0)


def test_sides_weights_and_regimes_of_allies() -> None:
    made = case(
        weights={"friend": 0.5},
        lanes=[lane("friend", "them", 1.0, regime="allied"), lane("them", "us", 1.0, lane="back", regime="ban")],
        regimes=[*OURS, {"regime": "allied", "controller": "friend"}, *THEIRS],
        policies=[policy(1), policy(2, regime="allied"), policy(1, "slow", "ban")],
    )
    network = Network(made)
    assert network.side == {
        "us": "ours",
        "them": "counterpart",
        "friend": "ours",
        "world": "other",
        "overseas": "other",
        "depot": "counterpart",
    }
    assert (network.weight["us"], network.weight["friend"]) == (1.0, 0.5)
    assert network.menu == {"list": ["open", "slow"], "allied": ["open", "slow"]}
    assert network.our_regime(network.lanes["friend-them"]) == "allied"
    assert network.our_regime(network.lanes["back"]) is None
