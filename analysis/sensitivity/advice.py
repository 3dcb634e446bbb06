"""Which first-stage choices are best in which samples of a sweep, and what keeping to the base plan's costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...model.network import OPEN
from ...model.plan.choices import LANE, NOTHING, POLICY, Choices, Offer, qualifies, stockpiles
from ...model.plan.choices import STOCKPILE as STOCK
from ...model.plan.sense import sense_of
from ..sweep.kinds import KINDS
from ..sweep.outcomes import POLICY as POLICY_COLUMN
from ..sweep.outcomes import QUALIFIED, STOCKPILE, policies_text
from .bootstrap import interval, sample_blocks
from .decisions import amounts, choices_of, has_choices, made, matching, names_of, stocked
from .outcomes import USABLE, base_choices, base_policies, modes, named, rows_of

if TYPE_CHECKING:
    from ..sweep.read import Sweep

NO_PLAN = {
    "infeasible": "no plan satisfies the limits",
    "unknown": "stopped without a plan",
    "failed": "failed",
    "refused": "the case refuses the sample",
    "not run": "not run",
}
"""What stands for the advice where there is none."""

BASE_PLAN = "as in the base plan"
"""Name of the base plan's advice."""

SOME, NONE = "some", "none"
"""Whether there is a stockpile."""


NOT_RECORDED = "choices not recorded; sweep again"
"""What stands for the choices of rows that hold none, although the case offers some."""


@dataclass(frozen=True)
class Advised:
    """The advice of every sample of a sweep.

    Samples have one advice where policies, lanes and what is stockpiled at all are the same. Where amounts are not those of the
    base plan, to the tolerance of `Choices.same`, the advice is another one than the base plan's, with the range of its amounts.

    Attributes
    ----------
    choices : pandas.Series
        By sample: the choices in one text, or why there are none (`NO_PLAN`).
    names
        Words for every text: what differs from the base plan; the text itself where the base case has no plan.
    """

    choices: pd.Series
    names: Mapping[str, str]


def advised(sweep: Sweep, mode: str | None = None) -> Advised:
    """Return the advice of every sample."""
    rows = rows_of(sweep, mode)
    texts = rows["status"].map(NO_PLAN).astype(object).rename("choices")
    usable = rows[rows["status"].isin(USABLE)]
    names = {}
    for text, name, members in _sets(sweep, usable):
        # Ids may hold what joins them: two sets may have one text.
        while text in names:
            text += " "
        names[text] = name
        texts[members] = text
    missing = texts[~rows["status"].isin(USABLE)].unique()
    return Advised(texts, names | {text: text for text in missing})


def _sets(sweep: Sweep, rows: pd.DataFrame) -> Iterator[tuple[str, str, pd.Index]]:
    """Yield text, words and samples of every advice among rows with a plan."""
    if not len(rows):
        return
    offer, base = Offer.of(sweep.case), base_choices(sweep)
    if not has_choices(rows):
        # Earlier versions left the choices of a case without a regime of ours out of its rows.
        known = rows["policies"].fillna(NOT_RECORDED if offer.regimes or offer.lanes or offer.most else NOTHING)
        for text, members in known.groupby(known, sort=False):
            yield str(text), BASE_PLAN if text == base_policies(sweep) else str(text), members.index
        return
    like = np.zeros(len(rows), dtype=bool) if base is None else matching(rows, base, offer)
    if base is not None and like.any():
        same = _Range(base.policies, base.qualified, base.stockpile, base.stockpile)
        yield _text(same, offer), BASE_PLAN, rows.index[like]
    rest = rows[~like]
    if not len(rest):
        return
    for _, members in rest.groupby(list(_kinds(rest, offer)), sort=False):
        found = _Range.of(members, offer)
        words = _words(found, offer) if base is None else _differences(found, base, offer)
        yield _text(found, offer), words, members.index


def _kinds(rows: pd.DataFrame, offer: Offer) -> Iterator[pd.Series]:
    kinds = made(rows, offer)
    return (kinds[column] for column in kinds)


@dataclass(frozen=True)
class _Range:
    """Samples whose choices differ in the amounts stockpiled alone: the choices of one, the least and the most amounts."""

    policies: Mapping[str, str]
    qualified: tuple[str, ...]
    least: Mapping[str, float]
    most: Mapping[str, float]

    @classmethod
    def of(cls, rows: pd.DataFrame, offer: Offer) -> _Range:
        """Return the range of rows."""
        first = choices_of(rows.iloc[0])
        values = {pair: amounts(rows, STOCKPILE, pair) for pair in first.stockpile}
        some = {pair: found for pair, found in values.items() if offer.some(pair, float(found.min()))}
        least, most = ({pair: float(end(found)) for pair, found in some.items()} for end in (np.min, np.max))
        return cls(first.policies, first.qualified, least, most)

    def amount(self, pair: str, offer: Offer) -> str:
        """Return the amounts of a stockpile in words."""
        return offer.amount(pair, self.least[pair], self.most[pair])


def _text(found: _Range, offer: Offer) -> str:
    words = [policies_text(found.policies)] if found.policies else []
    words += qualifies(found.qualified)
    words += [f"stockpiles {pair} ({found.amount(pair, offer)})" for pair in found.least]
    return ", ".join(words) or NOTHING


def _words(found: _Range, offer: Offer) -> str:
    """Return choices in words."""
    chosen = Choices(found.policies, found.qualified)
    words = [
        *chosen.words(offer),
        *(stockpiles(offer, pair, found.least[pair], found.most[pair]) for pair in found.least),
    ]
    return "; ".join(words) or chosen.text(offer)


def _differences(found: _Range, base: Choices, offer: Offer) -> str:
    """Return in words what differs from the base plan."""
    words = []
    ends = [Choices(found.policies, found.qualified, amount) for amount in (found.least, found.most)]
    kept = {regime: policy for regime, policy in base.policies.items() if regime in found.policies}
    plan = Choices(kept, base.qualified, base.stockpile)
    for kind, name, there, _ in (difference for end in ends for difference in end.differences(plan, offer)):
        if kind == POLICY:
            words.append(offer.policy(name, there))
        elif kind == LANE:
            words.append(f"{'qualifies' if there else 'does not qualify'} {offer.lane(name)}")
        elif name in found.least:
            words.append(stockpiles(offer, name, found.least[name], found.most[name]))
        else:
            words.append(f"does not stockpile {offer.pair(name)}")
    return "; ".join(dict.fromkeys(words))


def chosen(sweep: Sweep, mode: str | None = None) -> pd.Series:
    """Return the advice of every sample in one text, or why there is none."""
    return advised(sweep, mode).choices


def set_names(sweep: Sweep, mode: str | None = None) -> Mapping[str, str]:
    """Return words for every advice of `chosen`: what differs from the base plan.

    Advice is named in full where the base case has no plan; what stands for a missing plan is its own name.
    """
    return advised(sweep, mode).names


def choice_shares(sweep: Sweep, mode: str | None = None) -> pd.DataFrame:
    """Return the share of all samples in which each advice is best, the most frequent first.

    Samples without a plan are rows of their own, so that shares sum to 1.

    Returns
    -------
    pandas.DataFrame
        ``choices``; ``samples``; ``share``; ``share_low``, ``share_high``: its 95 % bootstrap interval, for designs drawn
        from the distributions (lhs, sobol); ``base``: whether it is the base plan's advice.
    """
    found = advised(sweep, mode)
    sets = found.choices
    table = sets.value_counts().rename("samples").reset_index()
    table["share"] = table["samples"] / len(sets)
    table["share_low"], table["share_high"] = np.nan, np.nan
    if KINDS[sweep.design.kind].representative and len(sets):
        blocks = sample_blocks(sweep.design)
        sizes = np.bincount(blocks)
        for place, name in enumerate(table["choices"]):
            hits = np.bincount(blocks, (sets == name).to_numpy())
            ends = interval(
                lambda drawn, hits=hits: hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1),  # type: ignore[misc]
                len(sizes),
                (sweep.design.seed, place),
            )
            table.loc[place, ["share_low", "share_high"]] = ends
    table["base"] = [found.names[text] == BASE_PLAN for text in table["choices"]]
    return table


def decision_shares(sweep: Sweep, mode: str | None = None) -> pd.DataFrame:
    """Return, for every regime, lane and stockpile, the share of the samples with a plan in which each of its choices is best.

    Returns
    -------
    pandas.DataFrame
        ``kind``: ``policy``, ``qualified`` or ``stockpile``; ``name``: the regime, lane or ``site/item``; ``choice``: the policy,
        ``yes`` or ``no``, ``some`` or ``none``; ``samples``; ``share`` (of the samples with a plan); ``least``, ``median``,
        ``most``: units stockpiled where there are some, else NaN; ``base``: whether the base plan has it (of a stockpile:
        some or none, whatever the amount).
    """
    rows = rows_of(sweep, mode)
    rows = rows[rows["status"].isin(USABLE)]
    offer, base = Offer.of(sweep.case), base_choices(sweep)
    table: list[tuple[Any, ...]] = []

    def count(kind: str, name: str, values: pd.Series, kept: object) -> None:
        for choice, samples in values.value_counts().items():
            ends = (np.nan, np.nan, np.nan)
            if choice == SOME:
                units = amounts(rows, STOCKPILE, name)[(values == SOME).to_numpy()]
                ends = (float(units.min()), float(np.median(units)), float(units.max()))
            table.append((kind, name, choice, int(samples), samples / len(rows), *ends, choice == kept))

    for regime in names_of(rows, POLICY_COLUMN):
        column = rows[f"{POLICY_COLUMN}{regime}"].dropna()
        count(POLICY, regime, column, None if base is None else base.policies.get(regime, OPEN))
    for lane in names_of(rows, QUALIFIED):
        qualified = pd.Series(np.where(amounts(rows, QUALIFIED, lane) > 0.5, "yes", "no"), rows.index)
        count(LANE, lane, qualified, None if base is None else "yes" if lane in base.qualified else "no")
    for pair in names_of(rows, STOCKPILE):
        bought = pd.Series(np.where(stocked(rows, pair, offer), SOME, NONE), rows.index)
        kept = None if base is None else SOME if offer.some(pair, base.stockpile.get(pair, 0.0)) else NONE
        count(STOCK, pair, bought, kept)
    columns = ["kind", "name", "choice", "samples", "share", "least", "median", "most", "base"]
    return pd.DataFrame(table, columns=columns)


def choice_map(sweep: Sweep, mode: str | None = None) -> pd.DataFrame:
    """Return the advice at every point of a grid of two figures.

    Returns
    -------
    pandas.DataFrame
        ``x``, ``y``: values of the two figures; ``choices``: the advice, or why there is none; ``leverage`` or ``cost``.
        ``attrs`` hold the paths ``x`` and ``y``.

    Raises
    ------
    ValueError
        For a design other than a grid of two figures.
    """
    design = sweep.design
    if design.kind != "grid" or len(design.factors) != 2:
        many = f"{design.kind} of {len(design.factors)} figures"
        raise ValueError(f"a map needs a grid of two figures; this is a {many}")
    (x, y), best = (factor.path for factor in design.factors), named(sweep)
    table = pd.DataFrame(
        {
            "x": design.samples[x],
            "y": design.samples[y],
            "choices": chosen(sweep, mode),
            best: rows_of(sweep, mode)[best],
        }
    )
    table.attrs |= {"x": x, "y": y}
    return table


def regret(sweep: Sweep) -> pd.DataFrame:
    """Return what keeping to the base plan costs in every sample.

    Returns
    -------
    pandas.DataFrame
        By sample: ``choices`` best there, or why there are none; ``free``, ``fixed``: best leverage or cost, and the base plan's;
        ``regret``: their difference, NaN where one of them is missing; ``allowed``: whether the base plan keeps the limits
        there; ``better``: whether other choices are better by more than the gap to which the best was proven.

    Raises
    ------
    ValueError
        For a sweep without both kinds of rows.
    """
    if modes(sweep) != ["free", "fixed"]:
        raise ValueError("regret needs rows of both kinds; sweep with --policies both")
    free, fixed = rows_of(sweep, "free"), rows_of(sweep, "fixed")
    name, sign = named(sweep), sense_of(sweep.case).sign
    best = free[name].where(free["status"].isin(USABLE))
    kept = fixed[name].where(fixed["status"].isin(USABLE))
    lost = sign * (best - kept)
    tolerance = max(sweep.case.settings.solver.rel_gap, float(sweep.meta.get("rel_gap") or 0.0))
    return pd.DataFrame(
        {
            "choices": chosen(sweep, "free"),
            "free": best,
            "fixed": kept,
            "regret": lost,
            "allowed": fixed["status"].isin(USABLE),
            "better": lost > tolerance * best.abs().clip(lower=1e-9),
        }
    )


def regret_by_choices(sweep: Sweep) -> pd.DataFrame:
    """Return the regret table: for each advice that is best somewhere, what keeping to the base plan costs there.

    Returns
    -------
    pandas.DataFrame
        ``choices``, ``samples``, ``share``; ``mean``, ``median``, ``q95``, ``most``: regret over the samples that have one;
        ``not_allowed``: samples in which the base plan breaks a limit or has no result; the most frequent first.
    """
    frame = regret(sweep)
    table = []
    for name, rows in frame.groupby("choices", sort=False):
        known = rows["regret"].dropna()
        figures = [known.mean(), known.median(), known.quantile(0.95), known.max()] if len(known) else [np.nan] * 4
        table.append((name, len(rows), len(rows) / len(frame), *figures, int((~rows["allowed"]).sum())))
    columns = ["choices", "samples", "share", "mean", "median", "q95", "most", "not_allowed"]
    found = pd.DataFrame(table, columns=columns)
    return found.sort_values("samples", ascending=False, kind="stable").reset_index(drop=True)
