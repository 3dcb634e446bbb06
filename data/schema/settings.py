"""The settings of a case, which case.toml holds."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .values import (
    Amount,
    Bound,
    Date,
    HorizonWeeks,
    ScenarioRule,
    Share,
    Text,
    TimeLimit,
    Week,
    column,
)

NO_FIGURE_SECTIONS = ("case", "solver")
"""Sections of the settings whose values are no figures of the model."""


class Section(BaseModel):
    """A section of ``case.toml``; immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Heading(Section):
    """What the case is."""

    title: Text = column("Title for people.", default="")
    currency: Text = column("Unit of every money figure.", default="")


class Horizon(Section):
    """How long the plan reaches."""

    weeks: HorizonWeeks = column("Number of weeks T; week 0 is the announcement.", "weeks")
    start: Date = column("Date week 0 begins.", default=None)
    terminal_premium: Amount = column(
        "How much dearer than the replacement cost a unit missing at the end is; raise it where a plan lives off its stock.",
        "share",
        default=0.05,
    )
    after_weeks: Week = column(
        "Weeks after the end for which sales lost to `kept_share` stay lost.", "weeks", default=0
    )


class Limits(Section):
    """What the planner may spend; every limit is optional."""

    budget: Bound = column("Fixed costs, stockpile and admin costs together.", "money", default=math.inf)
    reviewer_hours: Bound = column("Reviewer load of the chosen policies together.", "hours", default=math.inf)
    political_capital: Bound = column("Political cost of the chosen policies together.", "points", default=math.inf)
    stockpile_value: Bound = column(
        "What all stockpiles together cost, each unit at its `stockpile_cost`.", "money", default=math.inf
    )


class Objective(Section):
    """What is best."""

    sense: Literal["leverage", "cost"] | None = column(
        "Most leverage, or least cost; default: leverage where there is a counterpart, else cost.", default=None
    )
    scenario: ScenarioRule = column(
        "What counts: the `worst` package, scenario `none`, the `expected` value over scenarios by their probability, or "
        "`cvar:0.9`, the mean of the worst 10 % of the weight.",
        default="worst",
    )
    continuity_share: Share | None = column(
        "Of a plan for many worlds: weight of the worlds in which continuity is kept, or of all in which any plan keeps it "
        "where these have less; default: all of these.",
        "share",
        default=None,
    )


class Bargain(Section):
    """What the dispute is about; without it a plan says nothing of a settlement."""

    stake: Amount | None = column(
        "What the outcome of the dispute is worth to our side: a threat that costs us more is a bluff.",
        "money",
        default=None,
    )
    concession_cost: Amount | None = column("What giving way costs the counterpart.", "money", default=None)


class SolverOptions(Section):
    """How hard to try."""

    time_limit: TimeLimit = column("Longest time to search.", "seconds", default=300.0)
    rel_gap: Amount = column("Relative gap at which a plan counts as optimal.", "share", default=1e-4)


class Settings(Section):
    """``case.toml``, section by section."""

    case: Heading = Heading()
    horizon: Horizon
    limits: Limits = Limits()
    objective: Objective = Objective()
    bargain: Bargain = Bargain()
    solver: SolverOptions = SolverOptions()
