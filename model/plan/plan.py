"""A plan: what was chosen, what follows from it, and how far it is proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .sense import sense_of
from .tolerances import NOTHING_TO_COME, SERVED_IN_FULL

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case

SCHEMA = 1


def served(fill: Any) -> Any:
    """Whether fills, one or an array of them, count as served in full."""
    return fill >= SERVED_IN_FULL


def decided(frame: pd.DataFrame, weights: Mapping[str, float], keys: list[str], figures: list[str]) -> pd.DataFrame:
    """Return rows of a table over the scenarios that decide, without the column of scenarios.

    Parameters
    ----------
    frame
        A table; without a column ``scenario`` it is returned as it is.
    weights
        Weights of the scenarios; of a single one its rows are returned as they are.
    keys, figures
        Columns that tell rows of a scenario apart, and those of which means are taken; a mean of what is not known is not known.
    """
    if "scenario" not in frame:
        return frame
    if len(weights) == 1:
        return frame[frame["scenario"] == next(iter(weights))].drop(columns="scenario")
    told = frame[frame["scenario"].isin(list(weights))]
    share = told["scenario"].map(dict(weights)).astype(float)
    told = told.assign(**{name: told[name] * share for name in figures})
    rest = {name: "first" for name in frame if name not in ("scenario", *keys, *figures)}
    sums = {name: (lambda column: column.sum(skipna=False)) for name in figures}
    grouped = told.groupby(keys, sort=False, dropna=False).agg({**sums, **rest}).reset_index()
    return grouped[[name for name in frame if name != "scenario"]]


def least_mean(fills: np.ndarray, window: int | None) -> float:
    """Return the least mean of fills, shape (weeks,), over every run of so many weeks; None: the mean of all weeks."""
    if window is None or window >= fills.size:
        return float(fills.mean())
    return float(np.lib.stride_tricks.sliding_window_view(fills, window).mean(axis=1).min())


def bargain_of(
    case: Case, leverage: float | None, counterpart_loss: float | None, own_loss: float | None
) -> dict[str, Any] | None:
    """Return what a threat is worth against ``[bargain]``, by the figures of a plan alone; None where there is nothing to say.

    Parameters
    ----------
    case
        The case.
    leverage, counterpart_loss, own_loss
        Of the plan, money.

    Returns
    -------
    dict or None
        ``settlement``, ``stake``, ``credible``, ``concession_cost``, ``gives_way``, as of `Plan.bargain`.
    """
    stated = case.settings.bargain
    if leverage is None or case.sense == "cost" or (stated.stake is None and stated.concession_cost is None):
        return None
    theirs, ours = counterpart_loss or 0.0, own_loss or 0.0
    return {
        "settlement": leverage / 2,
        "stake": stated.stake,
        "credible": None if stated.stake is None else ours <= stated.stake,
        "concession_cost": stated.concession_cost,
        "gives_way": None if stated.concession_cost is None else theirs >= stated.concession_cost,
    }


@dataclass(frozen=True)
class Plan:
    """Choices, their consequences and their proof; money in the case's currency.

    Attributes
    ----------
    case
        The case solved.
    status
        ``optimal`` (gap within the one asked for), ``feasible``, ``infeasible`` or ``unknown`` (stopped without a plan).
    leverage, bound, gap
        What is maximised, its proven upper bound, and (bound - leverage) / \\|leverage\\|: leverage in the worst package, or over
        the scenarios as ``objective.scenario`` says; where cost is the sense, minus the cost. None without a plan.
    counterpart_loss, own_loss, worst_package
        Both losses in the scenarios that decide, and the worst of them.
    cost_now
        Our cost in the status quo; None where leverage is the sense.
    weights
        Weights with which scenarios decide, where they are weighed by probability.
    leverage_range
        Leverage under the least and the most kind of the counterpart's least-cost responses.
    sourcing_only_leverage
        Best leverage with every regime open; None where no such plan exists or it was not asked for.
    policies, qualified, stockpile
        First-stage choices: policy of every regime of ours, lanes and qualifications qualified, units by ``site/item``.
    scenarios
        For every scenario ``own_loss``, ``counterpart_loss``, ``leverage``, ``fill`` (mean by ``site/item``), ``reveal_week``
        (before it nobody knows of it; None for ``none``) and ``at_limit`` (demands whose fill is no more than its least).
    counterpart_fill, first_shortage_week
        Mean fill and first week with a fill below 1 (None: never) by ``site/item`` of the counterpart.
    certificate
        Relative differences between the program's answer and linear programs solved alone.
    limits
        ``used`` and ``limit`` of budget, reviewer hours and political capital; limit None where there is none.
    violations
        Limits that the choices break, in words; empty for a plan that `solve` returns.
    warnings
        What a reader should know before trusting a figure.
    case_warnings
        What is allowed in the case and looks odd: of ``case.warnings`` the texts, and of the status quo where it was looked for.
    solve
        How it was solved.
    range
        From where to where leverage runs over worlds drawn from the case's uncertainties; None where that was not worked out.
    alternatives
        Other plans that are nearly as good; None where they were not asked for.
    reasons
        What each decision is for, as of `sluicegate.analysis.reasons`; empty where that was not worked out.
    worlds
        Of a plan for many worlds: their number, seed, criterion, its value, bound and gap, and what leverage is in them; else None.
    name, note
        What its maker calls it, and what its readers should know of it; empty where nothing was given.
    tables : dict of str to pandas.DataFrame
        policies, sourcing, flows, stocks, fills, losses, causes, by_week where the case says what is at stake, what_if with the
        reasons, and of a plan for many worlds worlds; units of their columns in ``frame.attrs["units"]``.

    Notes
    -----
    ``plan.charts`` holds charts of the plan (`sluicegate.report.notebook.PlanCharts`), once anything was taken from
    the package ``sluicegate``.
    """

    case: Case = field(repr=False)
    status: str
    leverage: float | None = None
    bound: float | None = None
    gap: float | None = None
    counterpart_loss: float | None = None
    own_loss: float | None = None
    worst_package: str | None = None
    leverage_range: tuple[float, float] | None = None
    sourcing_only_leverage: float | None = None
    cost_now: float | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    qualified: tuple[str, ...] = ()
    stockpile: Mapping[str, float] = field(default_factory=dict)
    scenarios: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    counterpart_fill: Mapping[str, float] = field(default_factory=dict)
    first_shortage_week: Mapping[str, int | None] = field(default_factory=dict)
    certificate: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    violations: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    case_warnings: tuple[str, ...] = ()
    solve: Mapping[str, Any] = field(default_factory=dict)
    range: Mapping[str, Any] | None = None
    alternatives: Mapping[str, Any] | None = None
    reasons: tuple[Mapping[str, Any], ...] = ()
    worlds: Mapping[str, Any] | None = None
    name: str = ""
    note: str = ""
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    if TYPE_CHECKING:

        @property
        def charts(self) -> Any:
            """Charts, attached by the room above that draws them."""

    @property
    def cost(self) -> float | None:
        """What the plan costs, where cost is the sense; else None."""
        return -self.leverage if self.least_cost and self.leverage is not None else None

    @property
    def least_cost(self) -> bool:
        """Whether cost is the sense."""
        return self.case.sense == "cost"

    def __repr__(self) -> str:
        """Return the answer in a line."""
        if self.leverage is None:
            return f"Plan({self.case.name!r}, {self.status}, no plan)"
        word, sign = ("cost", -1.0) if self.least_cost else ("leverage", 1.0)
        proven = "" if self.bound is None else f", bound {sign * self.bound:.6g}"
        chosen = [f"{regime}={policy}" for regime, policy in self.policies.items() if policy != "open"]
        chosen += [f"qualify {lane}" for lane in self.qualified]
        chosen += [f"stockpile {key}={units:.6g}" for key, units in self.stockpile.items()]
        choices = ", ".join(chosen) or ("all open" if self.policies else "nothing bought")
        return f"Plan({self.case.name!r}, {self.status}, {word} {sign * self.leverage:.6g}{proven}: {choices})"

    @property
    def deciding(self) -> Mapping[str, float]:
        """Weights, 1 in sum, of the scenarios that decide: the worst alone where none are weighed."""
        if self.weights or self.worst_package is None:
            return self.weights
        return {self.worst_package: 1.0}

    @property
    def bargain(self) -> dict[str, Any] | None:
        """What the threat is worth against ``[bargain]``; None where the case has none, or there is no plan.

        ``settlement`` (half of the leverage), ``stake`` and ``credible`` (own loss <= stake), ``concession_cost`` and ``gives_way``
        (the counterpart's loss >= concession_cost), ``spent_week``: the first from which on what is still to come, less than giving
        way costs or, where that is not known, a thousandth of its loss, would not move the counterpart.
        """
        found = bargain_of(self.case, self.leverage, self.counterpart_loss, self.own_loss)
        if found is not None:
            found["spent_week"] = self._spent_week(self.counterpart_loss or 0.0, found["concession_cost"])
        return found

    def _spent_week(self, loss: float, moving: float | None) -> int | None:
        """First week from which on less is still to come than what moves the counterpart."""
        frame = self.tables.get("by_week")
        if frame is None or loss <= 0:
            return None
        least = NOTHING_TO_COME * loss if moving is None else moving
        found = None
        for week, lost in zip(frame["week"][::-1], frame["counterpart_loss"][::-1], strict=True):
            if loss - lost >= least:
                break
            found = int(week)
        return found

    def causes(self) -> list[dict[str, Any]]:
        """Rows of the table ``causes`` over the scenarios that decide; they add up to both losses."""
        frame = self.tables.get("causes")
        if frame is None:
            return []
        rows = decided(frame, self.deciding, ["side", "cause", "item"], ["units", "amount"])
        return [
            {name: None if value != value else value for name, value in row.items()} for row in rows.to_dict("records")
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return the first-stage choices, a row each: kind, id, name, choice and, of a stockpile, units."""
        import pandas as pd

        names = self.case.names
        rows: list[tuple[str, str, str, str, float | None]] = [
            *(("policy", regime, names.regime(regime), policy, None) for regime, policy in self.policies.items()),
            *(("lane", lane, names.lane(lane), "qualified", None) for lane in self.qualified),
            *(("stockpile", pair, names.pair(pair), "bought", units) for pair, units in self.stockpile.items()),
        ]
        return pd.DataFrame(rows, columns=["kind", "id", "name", "choice", "units"]).astype({"units": float})

    def to_dict(self) -> dict[str, Any]:
        """Return ``plan.json`` as a dictionary of plain values; where cost is the sense, it says cost (`Sense`)."""
        document = {
            "schema": SCHEMA,
            "case": self.case.name,
            **{key: text for key, text in (("name", self.name), ("note", self.note)) if text},
            "status": self.status,
            "leverage": self.leverage,
            "cost_now": self.cost_now,
            "bound": self.bound,
            "gap": self.gap,
            "counterpart_loss": self.counterpart_loss,
            "own_loss": self.own_loss,
            "worst_package": self.worst_package,
            "leverage_range": list(self.leverage_range) if self.leverage_range else None,
            "sourcing_only_leverage": self.sourcing_only_leverage,
            "policies": dict(self.policies),
            "qualified": list(self.qualified),
            "stockpile": dict(self.stockpile),
            "scenarios": {name: dict(values) for name, values in self.scenarios.items()},
            "counterpart_fill": dict(self.counterpart_fill),
            "first_shortage_week": dict(self.first_shortage_week),
            "certificate": dict(self.certificate),
            "limits": {name: dict(values) for name, values in self.limits.items()},
            "violations": list(self.violations),
            "causes": self.causes(),
            "warnings": list(self.warnings),
            "case_warnings": list(self.case_warnings),
            "solve": dict(self.solve),
            **({} if self.range is None else {"range": dict(self.range)}),
            **({} if self.alternatives is None else {"alternatives": dict(self.alternatives)}),
            **({"reasons": [dict(reason) for reason in self.reasons]} if self.reasons else {}),
            **({} if (bargain := self.bargain) is None else {"bargain": bargain}),
            **({} if self.worlds is None else {"worlds": dict(self.worlds)}),
        }
        if self.weights:
            document["weights"] = dict(self.weights)
        return sense_of(self.case).plan(document)
