"""What trade statistics cannot say: a default for each, why it is that, and the question that replaces it."""

from __future__ import annotations

from dataclasses import dataclass

MARK = "PLACEHOLDER:"
"""How the note of a placeholder begins."""


@dataclass(frozen=True)
class Placeholder:
    """A figure that somebody has to find out.

    Attributes
    ----------
    title
        What it is.
    value
        The default, in the unit that the reasoning names.
    reasoning
        Why it is that.
    question
        What to ask, and whom.
    low, high
        Ends of a plausible range, in the unit of the default; None where none is given.
    whole
        Whether only whole numbers make sense.
    """

    title: str
    value: float
    reasoning: str
    question: str
    low: float | None = None
    high: float | None = None
    whole: bool = False


PLACEHOLDERS: dict[str, Placeholder] = {
    "shortage_penalty": Placeholder(
        "loss for a unit not served",
        3.0,
        "3 times the mean price, at least 1.25 times the dearest source: a missing input stops more than it costs",
        "what does the user of this good lose for a unit that does not come: the margin of what it makes from it?",
        1.5,
        10.0,
    ),
    "stock": Placeholder(
        "stock at the start",
        4.0,
        "4 weeks of use, the order of a month's working stock",
        "how many weeks of use lie at users, importers and makers?",
        1.0,
        12.0,
    ),
    "redirect": Placeholder(
        "weeks until a substitute can send more",
        8.0,
        "8 weeks to agree on price and quantity and to ship what was meant for others",
        "how long do users take to qualify another origin of this good?",
        2.0,
        26.0,
        whole=True,
    ),
    "ramp": Placeholder(
        "weeks from a substitute's first delivery to all it can send",
        8.0,
        "8 weeks, as contracts with others run out",
        "how fast could this origin move its sales, and would it?",
        0.0,
        26.0,
        whole=True,
    ),
    "premium": Placeholder(
        "price of what is redirected",
        1.1,
        "10 % above the dearest price paid today: cheaper offers would be bought already",
        "at what price would this origin sell to the counterpart?",
        1.0,
        1.5,
    ),
    "review_delay": Placeholder(
        "weeks of an ordinary review",
        4.0,
        "4 weeks, within the 30 to 90 days that licensing laws name",
        "how long did licences for this good take, application by application?",
    ),
    "review_approval": Placeholder(
        "licences granted in an ordinary review",
        1.0,
        "1, a review delays and refuses nothing",
        "which share of applications is refused?",
    ),
    "strict_delay": Placeholder(
        "weeks of a strict review",
        12.0,
        "12 weeks, the upper end of what licensing laws name (90 days)",
        "what is the longest that a review can lawfully take?",
    ),
    "strict_approval": Placeholder(
        "licences granted in a strict review",
        0.9,
        "0.9, some applications fail",
        "which share of applications would be refused?",
    ),
    "admin_cost": Placeholder(
        "cost of running a review",
        0.001,
        "0.1 % of a year's trade under review, so that a review that gains nothing is not chosen",
        "what do staff and systems for this review cost? Reviewer hours and political capital are 0 until somebody says more.",
        0.0002,
        0.01,
    ),
    "margin": Placeholder(
        "what the seller earns",
        0.2,
        "20 % of the price, between a commodity's and a speciality's",
        "what does the seller earn on a unit, costs that fall away with the sale taken off?",
        0.05,
        0.6,
    ),
    "gross_margin": Placeholder(
        "what the seller earns where its production is modelled",
        1.0,
        "the whole price, as the cost of making a unit stands with the process",
        "what is paid for a unit, and would not be got otherwise?",
    ),
    "headroom": Placeholder(
        "most that a lane can carry",
        1.1,
        "1.1 times today's flow, as no month or other year shows more",
        "how much more could be made and shipped than today?",
        1.0,
        1.5,
    ),
    "sold_out": Placeholder(
        "most that a lane cheaper than others can carry",
        1.0,
        "today's flow: the buyer pays more elsewhere, so there is no more to be had at this price",
        "how much more could be made and shipped than today, to make up for a delay?",
        1.0,
        1.5,
    ),
    "capacity": Placeholder(
        "what is made where the good also arrives",
        1.0,
        "as much as is exported to the parties of the case, so that what is imported is used at home",
        "how much is made there, and how much of it used at home?",
    ),
    "production_cost": Placeholder(
        "cost of making a unit",
        0.8,
        "0.8 of the price it is sold at, as the margin is 20 %",
        "what does making a unit cost?",
        0.4,
        0.95,
    ),
    "holding_cost": Placeholder(
        "cost of holding a unit for a week",
        0.002,
        "0.2 % of the price a week, about 10 % a year for capital and storage",
        "what do capital, storage and decay of a unit cost?",
        0.001,
        0.005,
    ),
    "lead_air": Placeholder(
        "weeks from dispatch to arrival",
        1.0,
        "1 week by air, as the good is worth more than 50 a kilogram",
        "how do these goods travel, and how long?",
    ),
    "lead_sea": Placeholder(
        "weeks from dispatch to arrival",
        4.0,
        "4 weeks by sea, as the good is worth less than 50 a kilogram or is not weighed",
        "how do these goods travel, and how long?",
    ),
    "price": Placeholder(
        "price of a unit",
        1.0,
        "1, as the data have no values",
        "what does a unit cost at the border?",
    ),
    "retaliation": Placeholder(
        "the counterpart's answer",
        0.0,
        "a review of the same goods in return, at no cost to itself",
        "what would the counterpart slow in return, and what would that cost it?",
    ),
}
"""Placeholders by name, in the order in which to ask: what usually decides a plan comes first."""


def placeholder_value(name: str) -> float:
    """Return the value that stands where the statistics say nothing."""
    return PLACEHOLDERS[name].value
