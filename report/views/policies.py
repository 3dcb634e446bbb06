"""The policy table of a plan: a row for every regime of ours, the same columns wherever it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...data.schema.names import policy_words
from ...model.network import OPEN
from ..format.columns import EVERYWHERE, FIGURE, MONEY, NOTEBOOK, PAGE, SHARE, WEEK, WORKBOOK, Column
from .rows import filled, records

if TYPE_CHECKING:
    from ...model import Plan


@dataclass(frozen=True)
class PolicyRow:
    """A regime of ours under its policy.

    Attributes
    ----------
    regime, name
        Id, and name for people.
    controller, controller_name
        Party that controls it: id, and name for people.
    policy, policy_words
        The policy; ``open`` where goods are not slowed; in words.
    mean_delay, approval_rate
        Mean weeks of review; share of licences granted.
    admin_cost, reviewer_load, political_cost
        Money, hours and points that it takes.
    first_bite, first_shortage
        First week in which goods are late, and in which the counterpart serves less downstream; None: never.
    """

    regime: str
    name: str
    controller: str
    controller_name: str
    policy: str
    policy_words: str
    mean_delay: float
    approval_rate: float
    admin_cost: float
    reviewer_load: float
    political_cost: float
    first_bite: int | None
    first_shortage: int | None

    @property
    def chosen(self) -> bool:
        """Whether goods are slowed."""
        return self.policy != OPEN


POLICY_COLUMNS = (
    Column("regime", "Regime", on=frozenset({WORKBOOK})),
    Column("name", "Regime", on=EVERYWHERE - {WORKBOOK}),
    Column("name", "Name", on=frozenset({WORKBOOK})),
    Column("controller_name", "Controller", on=frozenset({WORKBOOK})),
    Column("controller_name", "Controlled by", on=frozenset({PAGE})),
    Column("policy_words", "Policy"),
    Column("mean_delay", "Mean delay", "Delay", "weeks", FIGURE, 3),
    Column("approval_rate", "Licences granted", "Granted", kind=SHARE, digits=0),
    Column("admin_cost", "Cost of running it", "Cost", MONEY, FIGURE, on=EVERYWHERE - {NOTEBOOK}),
    Column("reviewer_load", "Reviewer hours", "Hours", kind=FIGURE, on=EVERYWHERE - {NOTEBOOK}),
    Column("political_cost", "Political capital", "Points", "points", FIGURE, on=EVERYWHERE - {NOTEBOOK}),
    Column("first_bite", "First week goods are late", "Bites", kind=WEEK, on=EVERYWHERE - {NOTEBOOK}),
    Column("first_shortage", "First week of a shortage", "Short", kind=WEEK, on=EVERYWHERE - {NOTEBOOK}),
)
"""Columns of the policy table in their order; a new one needs a field of `PolicyRow` and a line here."""


def policy_rows(plan: Plan) -> tuple[PolicyRow, ...]:
    """Return the policy table of a plan with tables."""
    names = plan.case.names
    return tuple(
        filled(
            PolicyRow,
            row,
            name=names.regime(row["regime"]),
            controller_name=names.party(row["controller"]),
            policy_words=policy_words(row["policy"]),
        )
        for row in records(plan.tables["policies"])
    )
