"""Measures of trade dependence, against figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sluicegate.analysis.trade.ranking.measures import (
    core_dependency,
    cut_off_loss,
    dependence,
    herfindahl,
    share,
    share_weighted_loss,
)


def test_the_loss_of_a_cut_off_is_the_rise_of_a_price_index_with_constant_elasticity() -> None:
    # 60 % gone at sigma 5: the index rises by the factor 0.4 ** (-1/4) = 1.2574..., log 0.22907.
    assert cut_off_loss(1000, 0.6, 5) == pytest.approx(1000 * math.log(0.4**-0.25))
    assert cut_off_loss(1000, 0.6, 5) == pytest.approx(229.0726829685)
    assert cut_off_loss(0.5, 0.6, 3) == pytest.approx(0.5 * 0.9162907318741551 / 2)


def test_nothing_bought_costs_nothing_and_the_only_source_costs_without_end() -> None:
    assert cut_off_loss(1000, 0, 5) == 0
    assert cut_off_loss(1000, 1, 5) == math.inf
    assert np.isnan(cut_off_loss(1000, math.nan, 5))


def test_two_sellers_together_cost_more_than_each_alone() -> None:
    assert cut_off_loss(1, 0.6, 5) > 2 * cut_off_loss(1, 0.3, 5)


def test_shares_of_nothing_are_not_defined() -> None:
    assert np.isnan(share(1, 0)) and np.isnan(share(1, math.nan))
    assert share([1, 3], [4, 4]).tolist() == [0.25, 0.75]
    assert share_weighted_loss(0.2, 0.5) == pytest.approx(0.1)


def test_concentration_of_four_origins() -> None:
    assert herfindahl(600**2 + 200**2 + 100**2 + 100**2, 1000) == pytest.approx(0.42)


def test_core_dependency_of_a_bloc_counts_what_its_members_sell_each_other() -> None:
    # 100 from outside in shares of 0.8 and 0.2, 25 inside, 15 sold outside.
    first, second, third = core_dependency(80**2 + 20**2, 100, 25, 15)
    assert (first, second, third) == pytest.approx((0.68, 0.8, 2.5))


def test_without_own_supply_substitutability_is_infinite() -> None:
    assert core_dependency(1, 1, 0, 0)[2] == math.inf


def test_dependence_falls_with_the_trade_elasticity() -> None:
    assert dependence(600, 1100, 5) == pytest.approx(600 / 1100 / 4)
    assert dependence(600, 1100, 9) == pytest.approx(600 / 1100 / 8)
