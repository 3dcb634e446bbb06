"""Measures of trade dependence, each a function of shares and values (docs/trade.md).

Arguments are numbers or arrays of one shape; shares lie between 0 and 1, values are money per year. What is not defined is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SIGMA = 5.0
"""Elasticity of substitution between origins of a good where no table gives one.

It goes with a trade elasticity, sigma - 1, of 4: Simonovska & Waugh, "The elasticity of trade: estimates and evidence", Journal of
International Economics 92(1) 2014. In a matter of months goods are harder to replace than that; a lower sigma says so.
"""

CDI_THRESHOLDS = (0.4, 0.5, 1.0)
"""What the core dependency indicators 1, 2 and 3 of the European Commission must exceed for a good to count as dependent."""

Numbers = Any


def share(part: Numbers, whole: Numbers) -> Numbers:
    """Return part / whole; NaN where the whole is 0 or not known."""
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def share_weighted_loss(expenditure_share: Numbers, w: Numbers) -> Numbers:
    """Return the share of all expenditure that a cut-off touches: ``e w``.

    Parameters
    ----------
    expenditure_share
        e, share of the good in the buyer's expenditure.
    w
        The seller's share of what the buyer buys of the good.
    """
    return np.asarray(expenditure_share, float) * np.asarray(w, float)


def cut_off_loss(expenditure_share: Numbers, w: Numbers, sigma: Numbers) -> Numbers:
    """Return what a buyer loses when a seller stops, as a share of expenditure: ``e (-log(1 - w)) / (sigma - 1)``.

    With a constant elasticity sigma between origins, the price index of the good rises by the factor
    (1 - w) ** (-1 / (sigma - 1)); its log, weighted by the good's share of expenditure, is the loss to first order.
    Infinite where the seller is the only one (w = 1). The loss is convex in w: two sellers that stop together cost more
    than each alone.

    Parameters
    ----------
    expenditure_share
        e, share of the good in the buyer's expenditure; with the value of its purchases instead, the loss is money.
    w
        The seller's share of what the buyer buys of the good.
    sigma
        Elasticity of substitution between origins, above 1.

    Notes
    -----
    Clayton, Maggiori & Schreger, "A framework for geoeconomics", NBER Working Paper 31852, 2023; Hausmann, Schetter & Yildirim, "On
    the design of effective sanctions: the case of bans on exports to Russia", Economic Policy 39(117) 2024, 109-153; the
    price index is that of Feenstra, American Economic Review 84(1) 1994, and of Arkolakis, Costinot & Rodriguez-Clare,
    American Economic Review 102(1) 2012.
    """
    rest = np.maximum(0.0, 1 - np.asarray(w, float))
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = np.where(rest < 1e-12, np.inf, -np.log(rest)) / (np.asarray(sigma, float) - 1)
        # A seller of nothing costs nothing.
        return np.where(np.asarray(w, float) <= 0, 0.0, np.asarray(expenditure_share, float) * rise)


def herfindahl(squares: Numbers, total: Numbers) -> Numbers:
    """Return the Herfindahl-Hirschman index of shares, ``sum of x**2 / (sum of x)**2``, 0 to 1.

    Hirschman, "The paternity of an index", American Economic Review 54(5) 1964.
    """
    return share(squares, np.asarray(total, float) ** 2)


def core_dependency(
    squares: Numbers, outside: Numbers, inside: Numbers, exports: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """Return the core dependency indicators of the European Commission.

    CDI 1, concentration: Herfindahl-Hirschman index of imports from outside by origin, above 0.4. CDI 2, importance: imports from
    outside / (imports from outside + trade inside), above 0.5. CDI 3, substitutability: imports from outside / (exports to
    outside + trade inside), above 1; infinite where there is neither.

    Parameters
    ----------
    squares
        Sum over origins of the squared value of imports from outside.
    outside, inside
        Value of imports from outside, and of trade among the members of a bloc; of a single country 0, so that CDI 2 is 1.
    exports
        Value of exports to outside.

    Notes
    -----
    European Commission, "Strategic dependencies and capacities", SWD(2021) 352 final; Arjona, Connell & Herghelegiu, "An enhanced
    methodology to monitor the EU's strategic dependencies and vulnerabilities", Single Market Economics Papers WP2023/14, doi
    10.2873/768035.
    """
    outside, inside, exports = (np.asarray(value, float) for value in (outside, inside, exports))
    made = exports + inside
    third = np.where((made <= 0) & (outside > 0), np.inf, share(outside, made))
    return herfindahl(squares, outside), share(outside, outside + inside), third


def dependence(value: Numbers, imports: Numbers, sigma: Numbers) -> Numbers:
    """Return a buyer's dependence on a seller through a good: ``(m / M) / (sigma - 1)``.

    Parameters
    ----------
    value
        m, value of the good that the buyer imports from the seller.
    imports
        M, value of all the buyer's imports.
    sigma
        Elasticity of substitution between origins; sigma - 1 is the trade elasticity.

    Notes
    -----
    The asymmetry of a good, or of all goods added up, is the counterpart's dependence on us less our dependence on it. Liu & Yang,
    "International power", NBER Working Paper 34006, 2025: asymmetric bilateral import dependence, weighted inversely by
    sectoral trade elasticities.
    """
    return share(value, imports) / (np.asarray(sigma, float) - 1)
