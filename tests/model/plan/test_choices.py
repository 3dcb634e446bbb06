"""First-stage choices: when two plans advise the same, and how that is put in words."""

from __future__ import annotations

import dataclasses

import pytest
from sluicegate import evaluate, load_case
from sluicegate.model.plan.choices import Choices, Offer, changed, rounded, same_amount
from sluicegate.model.plan.tolerances import NO_AMOUNT, SAME_AMOUNT

from sluicegate_testing.sourcing_cases import sourcing

OFFER = Offer(("acid",), ("alt",), {"plant/chip": 50.0}, {"plant/chip": "lots"})


def chosen(amount: float = 0.0, *lanes: str, acid: str = "open") -> Choices:
    return Choices({"acid": acid}, lanes, {"plant/chip": amount} if amount else {})


def test_what_a_case_offers() -> None:
    offer = Offer.of(sourcing(stockpile_max=30, regime=True))
    assert offer == Offer(("list",), ("alt-a", "alt-b"), {"us/x": 30.0}, {"us/x": "t"})
    assert Offer.of(sourcing()) == Offer((), ("alt-a", "alt-b"), {}, {})


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (chosen(20, "alt"), True),
        (chosen(20 + 50 * SAME_AMOUNT, "alt"), True),
        (chosen(20 + 51 * SAME_AMOUNT, "alt"), False),
        (chosen(20), False),
        (chosen(20, "alt", acid="review"), False),
        (Choices({}, ("alt",), {"plant/chip": 20.0}), True),
    ],
)
def test_two_plans_advise_the_same_or_not(other: Choices, same: bool) -> None:
    assert chosen(20, "alt").same(other, OFFER) is same
    assert other.same(chosen(20, "alt"), OFFER) is same


def test_a_stockpile_and_none_are_never_the_same() -> None:
    little = 50 * SAME_AMOUNT / 2
    assert not chosen(little).same(chosen(), OFFER)
    assert chosen(little).made(OFFER) != chosen().made(OFFER)
    rounding = 50 * NO_AMOUNT / 2
    assert chosen(rounding).same(chosen(), OFFER)
    assert chosen(rounding).text(OFFER) == "every regime open"


def test_what_may_be_stockpiled_without_a_limit_is_measured_by_itself() -> None:
    offer = dataclasses.replace(OFFER, most={"plant/chip": float("inf")})
    assert same_amount("plant/chip", 1000, 1009, offer)
    assert not same_amount("plant/chip", 1000, 1011, offer)


def test_choices_in_words() -> None:
    assert (
        chosen(1234.5678, "alt", acid="review").text(OFFER)
        == "acid: review; qualifies alt; stockpiles plant/chip (1,234.6 lots)"
    )
    assert chosen(20).text(OFFER) == "stockpiles plant/chip (20 lots)"
    assert Choices().text(Offer.of(sourcing())) == "nothing bought"
    assert list(changed(chosen(), chosen(20, "alt", acid="review"), OFFER)) == [
        "acid: review instead of open",
        "qualifies alt",
        "stockpiles plant/chip (20 lots)",
    ]
    assert list(changed(chosen(20, "alt"), chosen(), OFFER)) == [
        "no longer qualifies alt",
        "no longer stockpiles plant/chip",
    ]


def test_amounts_have_five_digits() -> None:
    assert [rounded(value) for value in (0.0, 20.0, 0.00123456, 12345.6, 1234567.0)] == [
        "0",
        "20",
        "0.0012346",
        "12,346",
        "1,234,567",
    ]


def test_a_plan_and_its_document_have_the_same_choices() -> None:
    plan = evaluate(load_case("tutorial"), {"acid": "review"}, ("chip-world-home",))
    assert Choices.of(plan) == Choices.of(plan.to_dict())
    assert "nothing bought" in repr(evaluate(sourcing()))
