"""The mean over worlds against the worst tenth of them: every point is proven, and no plan lies above the curve."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from rich.console import Console
from sluicegate import load_case
from sluicegate.analysis.frontier.frontier import Frontier
from sluicegate.analysis.frontier.over_worlds import frontier_over_worlds
from sluicegate.analysis.information.evaluated import evaluate_in
from sluicegate.analysis.information.measures import conditional_value_at_risk
from sluicegate.analysis.shapes import FrontierDocument
from sluicegate.analysis.worlds import Worlds, solve_worlds
from sluicegate.data.output.documents import plain_document
from sluicegate.model.plan.choices import Choices
from sluicegate.report.text.frontier import show_frontier


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    """Three worlds, in the last of which the plant abroad has hoarded acid."""
    names = ("little", "as it is", "hoarded")
    figures = pd.DataFrame({"stocks.abroad-fab/acid.initial": [16.0, 20.0, 60.0]}, index=list(names))
    return Worlds(names, np.array([0.4, 0.4, 0.2]), figures)


def test_no_plan_lies_above_the_curve(worlds: Worlds) -> None:
    case = load_case("tutorial")
    found = frontier_over_worlds(case, worlds)
    assert found.complete and found.proven and len(found.points) >= 2
    cautious, best = found.points[-1], found.points[0]
    assert best.leverage == approx(solve_worlds(case, worlds, "mean").value)
    assert cautious.used == approx(solve_worlds(case, worlds, "cvar:0.9").value, abs=1e-4)
    # More caution, less on average.
    for before, after in itertools.pairwise(found.points):
        assert before.level < after.level and before.leverage > after.leverage
    menus = [("open", "review", "strict"), ("open", "review")]
    plans = [
        Choices(dict(zip(("acid", "gas"), choice, strict=True)), lanes)
        for choice in itertools.product(*menus)
        for lanes in ((), ("chip-world-home",))
    ]
    yields = evaluate_in(case, worlds, plans)
    for place in range(len(plans)):
        if not yields.kept[:, place].all():
            continue
        leverages = yields.leverages[:, place]
        mean, kept = float(worlds.weights @ leverages), conditional_value_at_risk(leverages, worlds.weights)
        for point in found.points:
            assert kept < point.level - 1e-6 or mean <= point.bound + 1e-4
    document = found.to_dict()
    FrontierDocument.model_validate(plain_document(document))
    assert Frontier.from_dict(document, case).points == found.points
    page = io.StringIO()
    show_frontier(found, Console(file=page, width=110))
    assert "Leverage against the worst tenth of the worlds" in page.getvalue()
    assert f"{len(found.points)} points, each proven best" in page.getvalue()
