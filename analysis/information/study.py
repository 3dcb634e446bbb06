"""A plan for many worlds beside its rivals: what hedging and knowing more are worth, where it goes wrong (docs/worlds.md)."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data import apply_overrides
from ...model import solve
from ...model.network import OPEN, Network
from ...model.plan.choices import Choices, Offer, changed
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.tolerances import WORLD_TIE
from ..shapes import ALL_OPEN, AS_IT_IS, HEDGED, SOURCING
from ..worlds import Criterion, draw, levels_in, solve_worlds
from .choosing import Terms
from .evaluated import Yields, evaluate_in
from .fresh import yields_in
from .measures import HIGH, LOW, conditional_value_at_risk, out_of_sample, quantile, replicated_gap
from .ranged import SMALL
from .regions import worst_region
from .value import partial_information, perfect_information

if TYPE_CHECKING:
    from ...data import Case
    from ...model import Plan
    from ..worlds import Appraiser, Worlds

FRESH = 256
"""Worlds drawn anew for the check out of sample."""

FIRST_SAMPLE = 1000
"""What is added to the seed for the first sample of the replications, so that no two draws are the same."""

MOST_RIVALS = 16
"""Plans that a plan is compared with."""

MOST_OWN = 6
"""Worlds whose own best plans are compared too."""

MOST_VISITED = 4
"""Plans that the search came across which are compared too."""

AT_ONCE = 4
"""Plans that are worked out in a world before it rests again."""

OWN_GAP = 1e-3
"""Relative gap of these plans."""

NEAR = 0.01
"""Share of the criterion within which a plan is nearly as good."""

LEAST_SECONDS = 30.0
"""Seconds that comparing may take where the search was shorter; no part of it takes longer than the search."""


@dataclass(frozen=True)
class Rival:
    """A plan to compare with.

    Attributes
    ----------
    name
        What it is.
    choices
        Its first-stage choices.
    """

    name: str
    choices: Choices


def rivals_of(
    case: Case,
    hedged: Choices,
    plain: Choices | None,
    others: Sequence[Choices] = (),
    common: Callable[[Choices], bool] = lambda choices: True,
) -> list[Rival]:
    """Return the plans to compare, each once: the plan, that for the figures as they are, sourcing alone, nothing, others.

    Parameters
    ----------
    case
        The case.
    hedged
        The plan for many worlds.
    plain
        The plan for the figures as they are; None where there is none.
    others
        Plans that are best in some world, the most frequent first.
    common
        Whether the limits of all worlds allow the policies of a plan; plans that differ in one policy are compared where they do.
    """
    offer = Offer.of(case)
    found = [Rival(HEDGED, hedged)]
    if plain is not None:
        found.append(Rival(AS_IT_IS, plain))
    shut = dict.fromkeys(hedged.policies, OPEN)
    wanted = [
        Rival(SOURCING, Choices(shut, hedged.qualified, hedged.stockpile)),
        Rival(ALL_OPEN, Choices(shut)),
        *(Rival("; ".join(changed(hedged, choices, offer)), choices) for choices in others),
        *(
            Rival("; ".join(changed(hedged, choices, offer)), choices)
            for choices in _neighbours(case, hedged)
            if common(choices)
        ),
    ]
    for rival in wanted:
        if len(found) < MOST_RIVALS and not any(rival.choices.same(other.choices, offer) for other in found):
            found.append(rival)
    return found


def _neighbours(case: Case, hedged: Choices) -> Iterator[Choices]:
    """Yield the plans that differ from a plan in one policy."""
    for regime, menu in Network(case).menu.items():
        for policy in menu:
            if policy != hedged.policies.get(regime, OPEN):
                yield dataclasses.replace(hedged, policies={**hedged.policies, regime: policy})


def studied(
    plan: Plan,
    worlds: Worlds,
    plain: Plan | Choices | None,
    *,
    fresh: int = FRESH,
    replications: int = 0,
    vary: Sequence[str] = (),
    processes: int = 1,
    cluster: str | None = None,
    monitor: Monitor | None = None,
    appraiser: Appraiser | None = None,
) -> Plan:
    """Return a plan for many worlds with what there is to say beside it, in its block ``worlds``.

    Parameters
    ----------
    plan
        What a solve over worlds returned; one without a plan stays as it is.
    worlds
        The worlds it was solved for.
    plain
        The plan for the figures as they are, or its choices; None: not known.
    fresh
        Worlds drawn anew, with another seed and each by itself, in which the plan is worked out once more; 0: none. A table of
        worlds is all there is.
    replications
        Samples of as many worlds for each of which a plan of its own is sought, to bound how far the plan is from the best one for
        all worlds there may be.
    vary
        Distributions that were given beside the case's own.
    processes, cluster
        Who works: see `evaluate_in`.
    monitor
        Told of stage ``worlds``; asked whether to stop.
    appraiser
        Works plans out in the worlds from the programs that the search left warm, and knows the best plans of worlds; None: every
        world is made ready anew.

    Returns
    -------
    Plan
        Its ``worlds`` hold, money in the case's currency: ``low``, ``high`` (5 and 95 % of leverage), ``share_kept``; ``evpi``,
        None where some world allows no plan, and then ``evpi_elsewhere``, over the other worlds; ``vss``, None where the plan
        for the figures as they are breaks limits that this one keeps; ``evppi`` by figure or group: value and both ends of its
        interval; ``groups``; ``candidates``; ``region``, where it goes wrong; ``compared``, worlds in which candidates were
        worked out; ``out_of_sample``; ``replications``: how many, and the gap with the ends of its interval.
    """
    if plan.leverage is None or plan.worlds is None:
        return plan
    seconds = max(LEAST_SECONDS, float(plan.solve.get("seconds", 0.0)))
    chosen = (
        plain if plain is None or isinstance(plain, Choices) else None if plain.leverage is None else Choices.of(plain)
    )
    own = _own(plan, worlds, seconds, monitor, appraiser)
    known = {} if appraiser is None else {"common": appraiser.common}
    rivals = rivals_of(plan.case, Choices.of(plan), chosen, own, **known)

    share = plan.worlds.get("continuity_share")
    workers: dict[str, Any] = {"free": share is not None, "processes": processes, "cluster": cluster}

    def evaluated(among: Worlds, plans: Sequence[Choices]) -> Yields:
        large = (plan.solve.get("rows") or 0) > SMALL
        work_out = yields_in if large else evaluate_in
        return work_out(plan.case, among, plans, **workers, seconds=seconds, monitor=monitor)

    found: Yields
    if appraiser is None:
        found = evaluated(worlds, [rival.choices for rival in rivals])
    else:
        found = _appraised(appraiser, rivals, seconds, monitor)
        # What comes now has worlds of its own.
        appraiser.close()
        rivals = rivals[: found.leverages.shape[1]]
    if not len(found):
        return plan
    block = dict(plan.worlds) | _said(plan, worlds, rivals, _as_certified(plan, found))
    if fresh and worlds.factors:
        seed = (worlds.seed or 0) + 1
        again = evaluated(draw(plan.case, fresh, seed, vary, stratified=False), [Choices.of(plan)])
        if len(again):
            checked = out_of_sample(again.leverages[:, 0], again.kept[:, 0], seed)
            block["out_of_sample"] = {"drawn": fresh} | checked.to_dict()
    if replications and worlds.factors:
        criterion = Criterion.parse(plan.worlds["criterion"])
        ahead = []
        for number in range(replications):
            sample = draw(plan.case, len(worlds), (worlds.seed or 0) + FIRST_SAMPLE + number, vary)
            best = solve_worlds(plan.case, sample, criterion, continuity_share=share, monitor=_quiet(monitor))
            here = evaluate_in(plan.case, sample, [Choices.of(plan)], **workers)
            if best.value is None:
                break
            scores = [
                criterion.score(each, sample.weights, best.best) for each in (best.leverages, here.leverages[:, 0])
            ]
            ahead.append(float(scores[0] - scores[1]))
        if ahead:
            block["replications"] = {"n": len(ahead), "gap": replicated_gap(ahead).to_list()}
    return dataclasses.replace(plan, worlds=block)


def _own(
    plan: Plan, worlds: Worlds, seconds: float, monitor: Monitor | None, appraiser: Appraiser | None
) -> list[Choices]:
    """Return the best plans of the worlds in which most is to be gained by another plan, as many as the time allows.

    Who works plans out knows those of all worlds already, and the best of those that the search came across.
    """
    leverages, best = levels_in(plan)
    gain = np.maximum(0.0, np.nan_to_num(worlds.weights * (best - leverages)))
    if appraiser is not None:
        return _own_known(appraiser, gain)
    found: list[Choices] = []
    until = time.monotonic() + seconds
    for place in np.argsort(-gain, kind="stable").tolist():
        if gain[place] <= 0 or len(found) == MOST_OWN or time.monotonic() > until:
            break
        if monitor is not None and monitor.stop():
            break
        own = _solved(plan.case, worlds, place, until - time.monotonic(), monitor)
        if own is not None and own not in found:
            found.append(own)
    return found


def _own_known(appraiser: Appraiser, gain: np.ndarray) -> list[Choices]:
    """Return the best plans of worlds, one for all that differ in amounts alone, those by which most is to be gained first.

    Before those that the limits of some world do not allow come those that all allow, and the best that the search came across.
    """
    gained: dict[Any, float] = {}
    first: dict[Any, Choices] = {}
    for place in np.argsort(-gain, kind="stable").tolist():
        own = appraiser.own(place) if gain[place] > 0 else None
        if own is not None:
            key = (*own.policies.values(), own.qualified)
            first.setdefault(key, own)
            gained[key] = gained.get(key, 0.0) + float(gain[place])
    ranked = [first[key] for key in sorted(gained, key=lambda key: -gained[key])]
    allowed = [own for own in ranked if appraiser.common(own)]
    others = [own for own in ranked if not appraiser.common(own)]
    return [*allowed[:MOST_OWN], *appraiser.visited(MOST_VISITED), *others[:MOST_OWN]]


def _solved(case: Case, worlds: Worlds, place: int, seconds: float, monitor: Monitor | None) -> Choices | None:
    """Return the best plan of a world, solved like any case; None where none was found."""
    world = apply_overrides(case, worlds.overrides(place))
    own = solve(world, rel_gap=OWN_GAP, time_limit=max(1.0, seconds), monitor=_quiet(monitor))
    return None if own.leverage is None else Choices.of(own)


def _appraised(appraiser: Appraiser, rivals: Sequence[Rival], seconds: float, monitor: Monitor | None) -> Yields:
    """Work plans out in all worlds, those named first first, as many as the time allows."""
    monitor = monitor or Monitor()
    monitor.stage("worlds", len(rivals))
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    until = time.monotonic() + seconds
    for start in range(0, len(rivals), AT_ONCE):
        if found and (monitor.stop() or time.monotonic() > until):
            break
        try:
            found.append(appraiser([rival.choices for rival in rivals[start : start + AT_ONCE]]))
        except Stopped:
            break
        monitor.advance(start + found[-1][0].shape[1], len(rivals))
    many = len(appraiser.group) if found else 0
    leverages, kept, within = (np.hstack([np.empty((many, 0)), *(each[part] for each in found)]) for part in range(3))
    return Yields(np.arange(many), leverages, kept.astype(bool), within.astype(bool))


def _as_certified(plan: Plan, found: Yields) -> Yields:
    """Return the same with the plan itself as it was chosen: without continuity where that was left out by choice, too.

    Everywhere else its leverage stays what it was found with, as that of the others; recomputed alone it differs by rounding.
    """
    leverages, supplied = found.leverages.copy(), found.supplied.copy()
    kept = plan.tables["worlds"]["limits_kept"].to_numpy(dtype=bool)[found.places]
    left_out = supplied[:, 0] & ~kept
    leverages[left_out, 0] = levels_in(plan)[0][found.places][left_out]
    supplied[left_out, 0] = False
    return Yields(found.places, leverages, supplied, found.within)


def _quiet(monitor: Monitor | None) -> Monitor:
    """Return a monitor that stops as another does and shows nothing."""
    quiet = Monitor()
    if monitor is not None:
        quiet.stop = monitor.stop  # type: ignore[method-assign]
    return quiet


def _said(plan: Plan, worlds: Worlds, rivals: Sequence[Rival], found: Yields) -> dict[str, Any]:
    """Return what the table of worlds and plans says."""
    assert plan.worlds is not None
    all_weights, (leverages, own_best) = worlds.weights, levels_in(plan)
    kept_here = plan.tables["worlds"]["limits_kept"].to_numpy(dtype=bool)
    weights = all_weights[found.places] / all_weights[found.places].sum()
    terms = _terms(found, plan.worlds.get("continuity_share"))
    allowed = np.flatnonzero(terms.now(weights))
    best = np.nan_to_num(own_best[found.places])
    scores = np.asarray(Criterion.parse(plan.worlds["criterion"]).score(found.leverages.T, weights, best))
    figures, drawn = worlds.figures.iloc[found.places], bool(worlds.factors)
    known = partial_information(found.leverages, weights, figures, worlds.groups, terms=terms, drawn=drawn)
    leveraged = plan.case.sense != "cost"
    region = worst_region(leverages, kept_here, all_weights, worlds.figures, below_zero=leveraged)
    plain = next((place for place, rival in enumerate(rivals) if rival.name == AS_IT_IS), None)
    ahead = own_best - leverages
    best_known = ~np.isnan(ahead)
    compared = perfect_information(found.leverages, weights, terms)
    evpi: dict[str, Any] = {"evpi": None}
    if best_known.all():
        evpi = {"evpi": _worth(float(all_weights @ ahead), leverages)}
        if terms.share is not None:
            # The best plan of a world by itself keeps continuity there; who knows the world need not, everywhere.
            evpi["evpi"] = max(evpi["evpi"], compared)
    elif best_known.any():
        elsewhere = float(all_weights[best_known] @ ahead[best_known] / all_weights[best_known].sum())
        evpi["evpi_elsewhere"] = _worth(elsewhere, leverages)
    return {
        "low": quantile(leverages, all_weights, LOW),
        "high": quantile(leverages, all_weights, HIGH),
        "share_kept": float(all_weights @ kept_here),
        "compared": len(found),
        **evpi,
        "evpi_of_candidates": compared,
        "vss": None if plain is None or plain not in allowed else _worth(scores[0] - scores[plain], leverages),
        "evppi": {each.name: [each.value, each.low, each.high] for each in known},
        "groups": {each.name: list(each.figures) for each in known if each.figures != (each.name,)},
        "candidates": [
            _candidate(rival, found, place, weights, scores, place in allowed) for place, rival in enumerate(rivals)
        ],
        "region": {
            "kind": region.kind,
            "share": region.share,
            "density": region.density,
            "coverage": region.coverage,
            "sides": [[side.figure, side.sign, side.value] for side in region.sides],
        },
    }


def _terms(found: Yields, share: float | None) -> Terms:
    """Which plans may be chosen where, whatever becomes known: on the terms of the search for the plan, which is the first.

    Where continuity is asked for in a share of the worlds all other limits are kept in every world, and continuity in so large a
    share by all that is chosen together; else no plan may be chosen where it breaks limits that the plan keeps.
    """
    allowed = found.within.copy() if share is not None else found.kept | ~found.kept[:, [0]]
    allowed[:, 0] = True
    return Terms(allowed, found.kept, share)


def _worth(value: float, leverages: np.ndarray) -> float:
    """Return what something is worth, 0 where that is rounding of the leverages it is made of."""
    return float(value) if value > WORLD_TIE * float(np.abs(leverages).max()) else 0.0


def _candidate(
    rival: Rival, found: Yields, place: int, weights: np.ndarray, scores: np.ndarray, allowed: bool
) -> dict[str, Any]:
    leverages, tie = found.leverages[:, place], WORLD_TIE * float(np.abs(found.leverages).max())
    behind = float(scores[0] - scores[place])
    return {
        "name": rival.name,
        "policies": dict(rival.choices.policies),
        "qualified": list(rival.choices.qualified),
        "stockpile": dict(rival.choices.stockpile),
        "mean": float(weights @ leverages),
        "cvar": conditional_value_at_risk(leverages, weights),
        "worst": float(leverages.min()),
        "share_negative": float(weights[leverages < 0].sum()),
        "share_kept": float(weights @ found.kept[:, place]),
        "share_better": float(weights[leverages > found.leverages[:, 0] + tie].sum()),
        "behind": behind,
        "allowed": allowed,
        "near": bool(place and allowed and behind <= NEAR * max(abs(float(scores[0])), 1e-9)),
    }
