"""What suppliers ask for: every fault and every warning, with its place and what to write instead."""

from __future__ import annotations

import pytest
from sluicegate import CaseError, case_from_tables

from sluicegate_testing.builders import Row, case, demand, idle, lane, stock
from sluicegate_testing.buyer import buyer_tables

AUDIT: Row = {"qualification": "audit", "fixed_cost": 5.0}


def one(*, qualifications: list[Row] | None = None, items: list[Row] | str = "x", **columns: object):
    """We buy from the friend, and from the world by a lane with the columns given."""
    second = idle("world", "us", 5.0, lane="second") | columns
    return case(
        2,
        items=items,
        stocks=[stock("friend")],
        lanes=[lane("friend", "us", 5.0, lane="main"), second],
        demands=[demand("us", 5.0, 9.0)],
        qualifications=qualifications or [],
    )


def warned(**columns: object) -> list[str]:
    """What is said about what suppliers ask for."""
    told = map(str, one(**columns).warnings)
    return [warning for warning in told if "qualification" in warning or "min_share" in warning]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"destination": "them", "qualification": "audit"},
            "qualification: 'audit': we qualify lanes that end on our side; this one ends at 'them'; leave it empty",
        ),
        (
            {"origin": "them", "qualification": "audit"},
            "qualification: 'audit': no lane from the counterpart is qualified; this one starts at 'them'; leave it empty",
        ),
        ({"qualification": "audti"}, "qualification: 'audti': not in qualifications; did you mean 'audit'?"),
        (
            {"min_share": 0.5, "max_flow": float("inf")},
            "min_share: '0.5': a share of a max_flow without limit is no amount; write the max_flow, or a min_flow in its place",
        ),
        (
            {"min_share": 0.5, "destination": "them"},
            "min_share: '0.5': take or pay acts on lanes that end on our side; this one ends at 'them'; write 0",
        ),
        (
            {"min_share": 0.5, "origin": "friend"},
            "min_share: '0.5': a lane between two sites of one side, fed from the stock of 'x' at 'friend', may find that empty",
        ),
        (
            {"destination": "them", "order_cost": 2.0},
            "order_cost: '2': what an order costs counts on lanes that end on our side; this one ends at 'them'; write 0",
        ),
        (
            {"destination": "them", "min_order": 2.0},
            "min_order: '2': a least order acts on lanes that end on our side; this one ends at 'them'; write 0",
        ),
        (
            {"min_flow": 1.0, "min_order": 2.0, "ramp_weeks": 3},
            "min_order: '2': min_flow asks for goods in every week, yet in the first only 1.25 can be carried, less than an order",
        ),
        (
            {"origin": "them", "min_share": 0.1, "min_order": 2.0},
            "min_order: '2': min_share asks for goods in every week, and the counterpart may yield less than an order",
        ),
        ({"min_share": 50}, "min_share: '50': not a share; must lie between 0 and 1: 50 % is 0.5"),
    ],
)
def test_a_lane_is_refused(columns: Row, expected: str) -> None:
    with pytest.raises(CaseError) as caught:
        one(qualifications=[AUDIT], **columns)
    (fault,) = map(str, caught.value.faults)
    assert fault.startswith("lanes, row 3, ")
    assert expected in fault


def test_a_qualification_has_an_id_of_its_own() -> None:
    with pytest.raises(CaseError, match="a lane with a fixed_cost has this id, in lanes row 3; choose another"):
        one(qualifications=[AUDIT | {"qualification": "second"}], fixed_cost=3.0)
    # A lane that is not qualified itself has nothing to be mistaken for.
    assert warned(qualifications=[AUDIT | {"qualification": "second"}], qualification="second") == []


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, "qualifications, row 2, qualification: 'audit': opens no lane, so that it is never worth its cost"),
        (
            {"qualification": "audit", "base_flow": 1.0},
            "lanes, row 3, qualification: 'audit': runs before week 0 (base_flow 1), yet must be qualified to run on",
        ),
    ],
)
def test_a_qualification_is_warned_about(columns: Row, expected: str) -> None:
    (warning,) = warned(qualifications=[AUDIT], **columns)
    assert expected in warning


@pytest.mark.parametrize(("left", "refused"), [(0.0, False), (0.3, True), (0.5, False)])
def test_an_outage_may_leave_less_than_an_order(left: float, refused: bool) -> None:
    # A contract and orders of 2 or more: of 5 a week 0.3 are 1.5, too little to order and too much for the contract to rest.
    rows = {
        "lanes": [lane("world", "us", 5.0, min_flow=1.0, min_order=2.0)],
        "demands": [demand("us", 5.0, 9.0)],
        "contingencies": [{"contingency": "fire", "lane": "world-us", "from_week": 1, "availability": left}],
    }
    if not refused:
        case(2, **rows)
        return
    with pytest.raises(
        CaseError, match="min_flow asks for goods in every week, yet contingency 'fire' leaves less than an order"
    ):
        case(2, **rows)


def test_prices_by_quantity_are_of_our_lanes() -> None:
    rows = [{"lane": "us-them", "from_flow": 2.0, "unit_cost": 1.0}]
    with pytest.raises(
        CaseError, match="price_breaks, row 2, lane: 'us-them': ends at 'them'; prices by quantity are for lanes"
    ):
        case(lanes=[lane("us", "them", 5.0)], price_breaks=rows)
    made = case(lanes=[lane("world", "us", 5.0)], price_breaks=[rows[0] | {"lane": "world-us", "from_flow": 9.0}])
    assert any(
        "from_flow: '9': more than the lane's max_flow 5, so that its price never holds" in str(told)
        for told in made.warnings
    )
    with pytest.raises(CaseError, match="used twice"):
        case(lanes=[lane("world", "us", 5.0)], price_breaks=[rows[0] | {"lane": "world-us"}] * 2)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"min_suppliers": 3, "min_supplier_share": 0.1}, "min_suppliers: '3': more than the 2 sites outside our side"),
        (
            {"min_suppliers": 2, "min_supplier_share": 0.6},
            "min_supplier_share: '0.6': 2 suppliers of 0.6 each are more than all",
        ),
        (
            {"min_supplier_share": 0.6, "max_supplier_share": 0.5},
            "min_supplier_share: '0.6': more than max_supplier_share 0.5",
        ),
    ],
)
def test_suppliers_that_cannot_be_are_warned_about(limits: Row, expected: str) -> None:
    lanes = [lane("world", "us", 5.0), lane("overseas", "us", 5.0)]
    made = case(items=[{"item": "x"} | limits], lanes=lanes, demands=[demand("us", 5.0, 9.0)])
    assert any(expected in str(warning) for warning in made.warnings)


def test_a_supplier_of_nothing_does_not_count() -> None:
    with pytest.raises(
        CaseError, match="items, row 2, min_suppliers: '2': a supplier of nothing would count; write the min_supplier"
    ):
        case(items=[{"item": "x", "min_suppliers": 2}])
    with pytest.raises(CaseError, match="not a count; write a whole number such as 2"):
        case(items=[{"item": "x", "min_suppliers": 1.5}])


def test_take_or_pay_beyond_what_runs_today_is_warned_about() -> None:
    (warning,) = warned(min_share=0.4)
    assert "lanes, row 3, min_share: '0.4': more than the base_flow 0 that runs before week 0" in warning
    assert warned(min_share=0.4, fixed_cost=3.0) == []
    assert warned(min_share=0.4, base_flow=2.0) == []


def test_a_buyer_who_forgot_to_be_focal_is_told_that_alone() -> None:
    settings, tables = buyer_tables()
    tables["parties"][0]["role"] = "other"
    with pytest.raises(CaseError) as refused:
        case_from_tables("nobody", settings, tables)
    assert [fault.message for fault in refused.value.faults] == ["no party is focal; exactly one must be"]
