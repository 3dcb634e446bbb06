"""Values at which the best policies change: known by hand, all of them found, noise not taken for a change."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from pytest import approx
from rich.cells import cell_len
from rich.console import Console
from sluicegate import Case, CaseError, case_from_tables, load_case
from sluicegate.analysis.breakeven.breakeven import breakeven
from sluicegate.analysis.breakeven.result import Breakeven
from sluicegate.analysis.figures.figure import find_figure
from sluicegate.model.plan.monitor import Monitor
from sluicegate.report.format.documents import to_json
from sluicegate.report.text.breakeven import show_breakeven

from sluicegate_testing.sourcing_cases import sourcing

Row = dict[str, Any]


def sold(penalty: float = 5.0, *, first_cost: float = 6.0, second_cost: float = 14.0, **limits: float) -> Case:
    """Two weeks of 10 units sold to them under review.

    ``slow`` keeps back the first week: 10 units short at `penalty`, 10 not bought at 1: their loss 10 (penalty - 1).
    ``refuse`` keeps back both: 20 (penalty - 1). Running them costs us `first_cost` and `second_cost`.
    """
    settings: dict[str, dict[str, Any]] = {"horizon": {"weeks": 2}}
    if limits:
        settings["limits"] = limits
    return case_from_tables(
        "sold",
        settings,
        {
            "parties": [
                {"party": "us", "role": "focal"},
                {"party": "them", "role": "counterpart"},
                {"party": "world", "role": "other"},
            ],
            "sites": [{"site": party, "party": party} for party in ("us", "them", "world")],
            "items": [{"item": "x"}],
            "stocks": [{"site": "them", "item": "x", "initial": 0, "terminal_target": 0}],
            "lanes": [
                {
                    "lane": "out",
                    "item": "x",
                    "origin": "us",
                    "destination": "them",
                    "unit_cost": 1,
                    "base_flow": 10,
                    "max_flow": 10,
                    "regime": "list",
                }
            ],
            "demands": [{"site": "them", "item": "x", "quantity": 10, "shortage_penalty": penalty}],
            "regimes": [{"regime": "list", "controller": "us"}],
            "policies": [
                {"regime": "list", "policy": "slow", "delay_weeks": "1", "admin_cost": first_cost, "reviewer_load": 3},
                {
                    "regime": "list",
                    "policy": "refuse",
                    "delay_weeks": "0",
                    "approval_rate": 0,
                    "admin_cost": second_cost,
                    "reviewer_load": 7,
                },
            ],
        },
    )


def policies(result: Breakeven, regime: str = "list") -> list[str]:
    """Policies of a regime from the lowest value to the highest."""
    found = [switch.below.policies.get(regime, "no plan") for switch in result.switches]
    return [*found, result.switches[-1].above.policies.get(regime, "no plan")]


def brackets(result: Breakeven, switches: list[float]) -> bool:
    found = [(switch.below.value, switch.above.value) for switch in result.switches]
    return len(found) == len(switches) and all(
        low <= value <= high and high - low <= result.tolerance * max(high, 0.1 * (result.high - result.low)) * 1.001
        for (low, high), value in zip(found, switches, strict=True)
    )


def test_two_switches_worked_out_by_hand() -> None:
    # slow pays from 10 (p - 1) = 6 on, refuse is better than slow from 10 (p - 1) = 14 - 6 on.
    result = breakeven(sold(), "demands.them/x.shortage_penalty", low=1, high=4, points=5)
    assert brackets(result, [1.6, 1.8])
    assert policies(result) == ["open", "slow", "refuse"]
    first = result.switches[0]
    assert first.changed == {"list": ("open", "slow")}
    assert first.above.leverage == approx(10 * (first.above.value - 1) - 6)
    assert first.above.plan is not None
    assert first.above.plan.policies == {"list": "slow"}
    assert not result.complete
    assert "closer together" in result.statement
    assert result.holds is None


def test_two_switches_between_two_neighbours_of_the_grid() -> None:
    # Both lie between 1 and 4, whose midpoint shows the third set of policies: 8 and 20 in place of 6 and 8 above.
    made = sold(first_cost=8.0, second_cost=28.0)
    result = breakeven(made, "demands.them/x.shortage_penalty", low=1, high=4, points=2)
    assert brackets(result, [1.8, 3.0])
    assert policies(result) == ["open", "slow", "refuse"]


def test_a_switch_that_lies_on_a_value_looked_at() -> None:
    result = breakeven(sold(), "demands.them/x.shortage_penalty", low=1, high=1.7, points=8)
    assert brackets(result, [1.6])


def test_whole_numbers_are_all_solved() -> None:
    # Of two weeks a review of 1 keeps back one, of 2 both. Reviewing costs 6: open is best at a delay of 0.
    made = sold(second_cost=100.0)
    result = breakeven(made, "policies.list/slow.delay_weeks", high=4)
    assert (result.low, result.high, result.whole) == (0, 4, True)
    assert [(switch.below.value, switch.above.value) for switch in result.switches] == [(0, 1)]
    assert policies(result) == ["open", "slow"]
    assert result.complete
    assert list(result.points["value"]) == [0, 1, 2, 3, 4]
    assert result.holds == (1, 4)


def test_whole_numbers_left_out_are_said_to_be() -> None:
    result = breakeven(sold(second_cost=100.0), "policies.list/slow.delay_weeks", high=8, points=3)
    assert [(switch.below.value, switch.above.value) for switch in result.switches] == [(0, 1)]
    assert not result.complete
    assert "up to 4 apart" in result.statement


def test_every_switch_of_a_limit_is_proven() -> None:
    result = breakeven(load_case("tutorial"), "limits.budget")
    # docs/tutorial.md, section 6: source and review take 13, source and strict 16.
    assert brackets(result, [13, 16])
    assert [switch.above.value for switch in result.switches] == [13, 16]
    assert policies(result, "acid") == ["open", "review", "strict"]
    assert [switch.above.leverage for switch in result.switches] == [approx(35.7), approx(74.86)]
    assert result.switches[0].above.qualified == ("chip-world-home",)
    assert result.complete
    assert result.holds == (13, approx(16, rel=1e-3))
    assert result.high == 18


def test_a_limit_without_a_value_in_force() -> None:
    result = breakeven(sold(), "limits.reviewer_hours")
    assert result.current is None
    assert (result.low, result.high) == (0, 7)
    assert [switch.above.value for switch in result.switches] == [3, 7]
    assert policies(result) == ["open", "slow", "refuse"]
    assert result.complete


def test_a_limit_below_which_there_is_no_plan() -> None:
    made = load_case("tutorial", ["demands.home-makers/chip.min_fill=0.92", "policies.acid/strict.admin_cost=50"])
    result = breakeven(made, "limits.budget", low=1, high=40)
    assert result.switches[0].below.status == "infeasible"
    assert result.switches[0].below.leverage is None
    assert result.switches[0].above.value == 10
    assert result.complete
    assert "no plan" in shown(result)
    json.loads(to_json(result.to_dict()))


def test_a_change_that_gains_less_than_the_gap_is_none() -> None:
    # At a penalty of 5 refuse gains 80 - 14 = 66 and slow 34; two policies that are alike differ in their cost alone.
    made = sold()
    alike = [row.model_copy(update={"policy": "twin", "admin_cost": 13.9999}) for row in made.policies[1:]]
    case = case_from_tables(
        "alike",
        {"horizon": {"weeks": 2}},
        {
            table: [row.model_dump(by_alias=True, mode="json") for row in (*made.rows(table), *extra)]
            for table, extra in (
                *((name, []) for name in ("parties", "sites", "items", "stocks", "lanes", "demands", "regimes")),
                ("policies", alike),
            )
        },
    )
    # refuse at 14 or less beats the twin from 13.9999 down: by far less than a gap of 1e-4.
    small = breakeven(case, "policies.list/refuse.admin_cost", low=13.9990, high=14.0010, points=5)
    assert small.switches == ()
    large = breakeven(case, "policies.list/refuse.admin_cost", low=13, high=15, points=5)
    assert brackets(large, [13.9999])
    assert policies(large) == ["refuse", "twin"]


def test_ends_that_the_case_refuses() -> None:
    result = breakeven(load_case("tutorial"), "lanes.chip-abroad-home.max_flow", high=5, points=2)
    assert result.low == 4
    assert "below 4 the case is refused" in result.range_words
    with pytest.raises(CaseError, match="more than max_flow"):
        breakeven(load_case("tutorial"), "lanes.chip-abroad-home.max_flow", low=3, high=5)


def test_a_week_without_a_value_in_force() -> None:
    # slow without an end keeps back the first week; ended before week 0 it would be refused.
    result = breakeven(sold(second_cost=100.0), "policies.list/slow.end_week")
    assert (result.low, result.high, result.current) == (1, 2, None)
    assert result.range_words.endswith(
        "(at 0: end_week: 0: not after start_week 0; it is the first week after the policy)"
    )
    assert result.complete


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("lanes.nowhere.max_flow", "lanes.nowhere.max_flow: no row 'nowhere' in lanes"),
        ("lanes.out.max_flw", "did you mean 'max_flow'"),
        ("nothing", "nothing: no figure; write TABLE.KEY.COLUMN, such as lanes.hf-jp-kr.max_flow"),
        ("budget", "did you mean limits.budget?"),
        ("limits.budgt=3", "limits.budgt=3: no key 'budgt' in limits"),
    ],
)
def test_paths_that_name_nothing(path: str, words: str) -> None:
    with pytest.raises(CaseError, match=re.escape(words)) as caught:
        breakeven(sold(), path)
    assert "--set" not in str(caught.value) and "=1" not in str(caught.value), "only what was asked for is quoted"


def test_a_figure_is_named_without_a_value() -> None:
    with pytest.raises(ValueError, match=r"^limits\.budget=3: name the figure without a value, limits\.budget$"):
        breakeven(sold(), "limits.budget=3")


@pytest.mark.parametrize("path", ["lanes.out.item", "solver.rel_gap", "case.title", "objective.scenario"])
def test_paths_that_are_no_figure(path: str) -> None:
    with pytest.raises(ValueError, match="no figure"):
        breakeven(sold(), path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"points": 1}, "at least 2"),
        ({"tolerance": 0}, "tolerance"),
        ({"low": 3, "high": 2}, "low must be below high"),
        ({"low": 1e9}, "no range"),
        ({"high": float("inf")}, "finite"),
    ],
)
def test_ranges_that_make_no_sense(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        breakeven(sold(), "demands.them/x.shortage_penalty", **options)


def test_figures_and_their_default_ranges() -> None:
    case = sold(budget=30)
    assert find_figure(case, "limits.budget").limit == "budget"
    assert find_figure(case, "lanes.out.fixed_cost").current == 0
    assert find_figure(case, "stocks.them/x.terminal_target").current == 0
    shares = breakeven(case, "policies.list/refuse.approval_rate", points=2)
    assert (shares.low, shares.high) == (0, 1)
    with pytest.raises(ValueError, match="give --low and --high"):
        breakeven(case, "stocks.them/x.capacity")


class Stopping(Monitor):
    """Stops once so many values are done."""

    def __init__(self, after: int):
        self.after = after
        self.done = 0

    def advance(self, done: int, total: int) -> None:
        self.done = done

    def stop(self) -> bool:
        return self.done >= self.after


def test_a_search_that_is_stopped_keeps_what_it_found() -> None:
    result = breakeven(sold(), "demands.them/x.shortage_penalty", low=1, high=4, points=9, monitor=Stopping(3))
    assert result.stopped
    assert not result.complete
    assert "Stopped early" in result.statement
    assert len(result.points) >= 3
    shown(result)


def shown(result: Breakeven, width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        show_breakeven(result, console)
    text = captured.get()
    assert all(cell_len(line) <= width for line in text.splitlines())
    return text


def test_on_the_terminal() -> None:
    result = breakeven(load_case("tutorial"), "limits.budget")
    for width in (60, 80, 120):
        shown(result, width)
    text = " ".join(shown(result).split())
    for words in (
        "Where the best choices change: budget",
        "tutorial, limits.budget; in force: 15 million",
        "2 switches found",
        "2. Between 15.992 and 16.000",
        "above 35.7 million Acid exports: review; qualifies Chip from World market",
        "Acid exports: review; qualifies Chip from World market (in force)",
        "Proven: there is no other switch",
    ):
        assert words in text
    document = json.loads(to_json(result.to_dict()))
    assert document["switches"][1]["above"]["policies"] == {"acid": "strict", "gas": "open"}
    assert document["complete"] is True


def test_names_are_text() -> None:
    made = sold()
    changed = {
        "regimes": tuple(row.model_copy(update={"regime": "[red]list"}) for row in made.regimes),
        "policies": tuple(row.model_copy(update={"regime": "[red]list"}) for row in made.policies),
        "lanes": tuple(row.model_copy(update={"regime": "[red]list", "lane": "[/b]"}) for row in made.lanes),
    }
    case = dataclasses.replace(made, **changed, places={})
    text = shown(breakeven(case, "policies.[red]list/slow.admin_cost", low=1, high=200, points=2))
    assert "policies.[red]list/slow.admin_cost" in text
    assert "[red]list: refuse" in text


# Choices that are no policies -----------------------------------------------------------------------------------------


def supplied(result: Breakeven) -> list[tuple[str, ...]]:
    """Lanes qualified from the lowest value to the highest."""
    return [span.qualified for span in result.spans]


def test_suppliers_switch_where_the_case_has_no_regime_of_ours() -> None:
    result = breakeven(sourcing(budget=15), "limits.budget", low=0, high=40)
    assert [switch.above.value for switch in result.switches] == [10, 30]
    assert supplied(result) == [(), ("alt-a",), ("alt-a", "alt-b")]
    assert [switch.above.qualified for switch in result.switches] == [("alt-a",), ("alt-a", "alt-b")]
    assert result.complete
    assert result.holds == (10, approx(30, rel=1e-3))
    assert result.points["qualified"].tolist()[-1] == "alt-a, alt-b"
    text = shown(result)
    assert "2 switches found" in text
    assert "qualifies alt-a (in force)" in text
    assert "nothing bought" in text
    assert "no plan" not in text
    assert "Regimes not named" not in text


def test_suppliers_switch_by_cost() -> None:
    # A second source is worth 150: 5 units in 4 weeks, each saving 10 and costing 2 more, and the goods that it brings too late.
    result = breakeven(sourcing(), "lanes.alt-a.fixed_cost", low=0, high=400, points=5)
    worth = -360 + 210 + 10
    assert len(result.switches) == 1
    assert result.switches[0].below.qualified == ("alt-a", "alt-b")
    assert result.switches[0].above.qualified == ("alt-b",)
    assert result.switches[0].above.value == approx(-worth + 20, rel=0.01)
    assert result.switches[0].below.plan is not None


def test_a_lane_that_costs_nothing_to_qualify_is_no_switch() -> None:
    result = breakeven(sourcing(), "lanes.alt-a.fixed_cost", low=0, high=20, points=3)
    assert result.switches == ()
    assert supplied(result) == [("alt-a", "alt-b")]


def test_a_stockpile_that_follows_the_budget_is_no_switch() -> None:
    result = breakeven(sourcing(stockpile_max=30), "limits.budget", low=12, high=40, points=5)
    assert result.switches == ()
    (span,) = result.spans
    assert span.qualified == ("alt-a",)
    assert span.least["us/x"] < 4 < 27 < span.most["us/x"]
    assert "stockpiles us/x (" in shown(result)
    assert any("1% of stockpile_max" in note for note in result.notes)


def test_a_stockpile_that_begins_is_a_switch() -> None:
    result = breakeven(sourcing(stockpile_max=30), "demands.us/x.shortage_penalty", low=1, high=2, points=3)
    assert brackets(result, [1.1])
    assert not result.switches[0].below.stockpile
    assert result.switches[0].above.stockpile
    json.loads(to_json(result.to_dict()))


def test_a_stockpile_that_jumps_is_a_switch() -> None:
    # z is made of x. Where z is dear enough its 3 a week are worth a stock of x too.
    result = breakeven(sourcing(stockpile_max=100, makes=3), "demands.us/z.shortage_penalty", low=0.5, high=4, points=4)
    (switch,) = result.switches
    assert switch.below.policies == switch.above.policies
    assert switch.below.qualified == switch.above.qualified
    below, above = (side.stockpile["us/x"] for side in (switch.below, switch.above))
    assert above == approx(below + 12, rel=0.01)
    assert switch.above.value == approx(1.1, rel=0.01)
    assert "stockpiles us/x" in shown(result)
