"""What suppliers ask for: every fault and every warning, with its place and what to write instead."""

from __future__ import annotations

import pytest
from sluicegate import CaseError

from sluicegate_testing.builders import Row, case, demand, idle, lane, stock

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


def test_take_or_pay_beyond_what_runs_today_is_warned_about() -> None:
    (warning,) = warned(min_share=0.4)
    assert "lanes, row 3, min_share: '0.4': more than the base_flow 0 that runs before week 0" in warning
    assert warned(min_share=0.4, fixed_cost=3.0) == []
    assert warned(min_share=0.4, base_flow=2.0) == []
