"""What is said beside a plan for many worlds agrees with each world solved and each plan evaluated alone."""

from __future__ import annotations

import dataclasses
import io
import re
from html import unescape

import numpy as np
import openpyxl
import pandas as pd
import pytest
from rich.console import Console
from sluicegate import evaluate, load_case, solve
from sluicegate.analysis.information import studied
from sluicegate.analysis.information.evaluated import evaluate_in
from sluicegate.analysis.information.study import AS_IT_IS, HEDGED, rivals_of
from sluicegate.analysis.information.value import best_of, partial_information
from sluicegate.analysis.worlds import Worlds, draw, from_table, world_cases
from sluicegate.data import TABLES
from sluicegate.data.output.documents import plain_document
from sluicegate.model.plan.choices import Choices
from sluicegate.report.files.workbook import write_workbook
from sluicegate.report.format.numbers import rough
from sluicegate.report.notebook import plan_html
from sluicegate.report.page.page import page_of, read_results
from sluicegate.report.text.plan import show_plan
from sluicegate.report.views.study import study_view

from sluicegate_testing.results import publish

WORLDS = 16

HOARD = "stocks.abroad-fab/acid.initial"


@pytest.fixture(scope="module")
def case():
    """The tutorial, of which the plant abroad may have hoarded acid: enough of it turns the plan round."""
    told = load_case("tutorial")
    hoarded = TABLES["uncertainties"](figure=HOARD, distribution="15..20..70")
    others = [row for row in told.uncertainties if row.figure != HOARD]
    return dataclasses.replace(told, uncertainties=(hoarded, *others))


@pytest.fixture(scope="module")
def worlds(case):
    return draw(case, WORLDS, 2)


@pytest.fixture(scope="module")
def plan(case, worlds):
    return studied(solve(case, worlds=worlds), worlds, solve(case), fresh=12)


def test_the_figures_are_those_of_worlds_solved_and_plans_evaluated_alone(case, worlds, plan):
    found, plain, here = plan.worlds, solve(case), Choices.of(plan)
    cases = world_cases(case, worlds)
    best = np.array([solve(world).leverage for world in cases])
    mine, theirs = (
        np.array([evaluate(world, each.policies, each.qualified, each.stockpile).leverage for world in cases])
        for each in (here, Choices.of(plain))
    )
    assert found["mean"] == pytest.approx(mine.mean(), rel=1e-6)
    assert found["evpi"] == pytest.approx((best - mine).mean(), rel=1e-4, abs=1e-4)
    assert found["vss"] == pytest.approx(max(0.0, mine.mean() - theirs.mean()), rel=1e-4, abs=1e-4)
    assert found["low"] <= mine.mean() <= found["high"]
    # CVaR by its definition: a tenth of 16 worlds is the worst one and six tenths of the next.
    worst = np.sort(mine)
    assert found["candidates"][0]["cvar"] == pytest.approx((worst[0] + 0.6 * worst[1]) / 1.6, rel=1e-6)
    assert [row["name"] for row in found["candidates"][:2]] == [HEDGED, AS_IT_IS]
    assert found["candidates"][0]["behind"] == 0 and not found["candidates"][0]["near"]
    assert all(row["mean"] <= found["candidates"][0]["mean"] + 1e-6 for row in found["candidates"] if row["allowed"])
    assert 0 <= found["evpi_of_candidates"] <= found["evpi"] + 1e-6
    assert all(0 <= low <= value <= high for value, low, high in found["evppi"].values())
    assert max(value for value, *_ in found["evppi"].values()) <= found["evpi_of_candidates"] + 1e-9
    assert found["out_of_sample"]["n"] == found["out_of_sample"]["drawn"] == 12
    # The rest of the plan stays as it was.
    bare = solve(case, worlds=worlds)
    kept = {name: value for name, value in plan.to_dict().items() if name not in ("worlds", "solve")}
    assert kept == {name: value for name, value in bare.to_dict().items() if name not in ("worlds", "solve")}
    assert bare.worlds.items() <= found.items()


def test_fresh_worlds_are_other_worlds(case, worlds, plan):
    fresh = draw(case, 12, 3, stratified=False)
    found = evaluate_in(case, fresh, [Choices.of(plan)])
    assert plan.worlds["out_of_sample"]["mean"][0] == pytest.approx(found.leverages.mean())
    assert plan.worlds["out_of_sample"]["share_kept"][0] == found.kept.mean()


def test_the_plans_of_other_samples_bound_how_far_the_plan_is_from_the_best(case):
    worlds = draw(case, 4, 0)
    found = studied(solve(case, worlds=worlds), worlds, None, fresh=0, replications=2).worlds
    value, low, high = found["replications"]["gap"]
    assert found["replications"]["n"] == 2 and low == 0 <= value + 1e-6 and value <= high
    assert "out_of_sample" not in found and found["vss"] is None


def test_stories_are_all_there_are(case):
    worlds = from_table(case)
    plan = studied(solve(case, worlds="table"), worlds, solve(case))
    assert "out_of_sample" not in plan.worlds
    assert plan.worlds["evpi_of_candidates"] <= plan.worlds["evpi"] + 1e-6
    assert all(value == low == high for value, low, high in plan.worlds["evppi"].values())


def test_plans_are_compared_once_each(case):
    hedged = Choices({"acid": "review", "gas": "open"}, ("chip-world-home",))
    rivals = rivals_of(
        case, hedged, Choices({"acid": "open", "gas": "open"}), [hedged, Choices({"acid": "strict", "gas": "open"})]
    )
    names = [rival.name for rival in rivals]
    assert names[:3] == [HEDGED, AS_IT_IS, "sourcing alone"]
    assert "nothing done" not in names, "it is the plan for the figures as they are"
    assert len({str(rival.choices) for rival in rivals}) == len(rivals)
    assert "Gas exports: review instead of open" in names


def test_a_plan_for_many_worlds_says_what_to_find_out_first(plan):
    page = io.StringIO()
    show_plan(plan, Console(file=page, width=110))
    text = page.getvalue()
    order = [
        text.index(words)
        for words in ("Leverage ", "chosen by mean leverage", "Over the worlds", "What to find out first")
    ]
    assert order == sorted(order) and text.index("What to find out first") < text.index("\nPolicies")
    first = study_view(plan).first
    hoard = plan.case.names.figure(HOARD)
    assert hoard == "stock at the start of Etching acid in Chip plant"
    assert first and first[0].name == hoard
    assert hoard in text and "Where it goes wrong" in text
    html = plan_html(plan)
    worth = first[0].worth
    assert f"{hoard} ({rough(worth.value)} million, {rough(worth.low)} to {rough(worth.high)})" in html
    assert "To find out first" in html and "given, not optimised" not in html


def test_the_page_leads_with_the_range_and_what_to_find_out_first(plan, tmp_path):
    publish(plan.case, plan, tmp_path / "result")
    (result,) = read_results([str(tmp_path / "result")])
    assert result.content.worlds == plain_document(plan.to_dict())["worlds"]
    assert list(result.content.tables["worlds"]["leverage"]) == list(plan.tables["worlds"]["leverage"])
    page = page_of([result])
    assert page.index("5 to 95% of 16 worlds") < page.index('id="worlds"') < page.index('id="policies"')
    assert page.index("What to find out first") < page.index("stock at the start of Etching acid in Chip plant</bdi>")


def conditional(case, path, value, many, seed):
    """Worlds with one figure known and the others drawn."""
    drawn = draw(case, many, seed, stratified=False)
    return Worlds(drawn.names, drawn.weights, drawn.figures.assign(**{path: value}))


def test_knowing_a_figure_is_worth_what_a_nested_simulation_says(case):
    """EVPPI by regression against the outer and inner loops of brute force, within the error of both."""
    path = HOARD
    plans = [Choices({"acid": "review", "gas": "open"}, ("chip-world-home",)), Choices({"acid": "open", "gas": "open"})]
    worlds = draw(case, 96, 11)
    benefits = evaluate_in(case, worlds, plans).leverages
    found = {known.name: known for known in partial_information(benefits, worlds.weights, worlds.figures)}
    outer = draw(case, 24, 5).figures[path]
    inner = [conditional(case, path, value, 8, place) for place, value in enumerate(outer)]
    means = np.array([evaluate_in(case, each, plans).leverages.mean(axis=0) for each in inner])
    now = best_of(benefits, worlds.weights)
    ahead = means.max(axis=1) - means[:, now]
    nested, error = ahead.mean(), ahead.std(ddof=1) / np.sqrt(len(ahead))
    assert found[path].low - 2 * error <= nested <= found[path].high + 2 * error
    assert found[path].value > 0.5
    others = [known.value for name, known in found.items() if name != path]
    assert max(others) < 0.25 * found[path].value
    assert isinstance(outer, pd.Series)


def test_where_a_world_has_no_plan_the_others_say_what_knowing_is_worth(case):
    """Nobody sells so many chips: in that world nothing can be gained by knowing it, and nothing is known of it."""
    wanted, stock = "demands.home-makers/chip.quantity", "stocks.abroad-fab/acid.initial"
    frame = pd.DataFrame([[np.nan, np.nan], [40.0, np.nan], [np.nan, 16.0]], columns=[wanted, stock])
    worlds = Worlds(("as it is", "many chips", "little acid"), np.array([0.25, 0.5, 0.25]), frame)
    hedged = solve(case, worlds=worlds)
    plan = studied(hedged, worlds, solve(case), fresh=0)
    found = plan.worlds
    assert found["unkept"] == ["many chips"] and found["evpi"] is None
    rows = hedged.tables["worlds"]
    ahead = (rows.best - rows.leverage).to_numpy()[[0, 2]]
    assert found["evpi_elsewhere"] == pytest.approx(max(0.0, ahead.mean()), abs=1e-6)
    page = io.StringIO()
    show_plan(plan, Console(file=page, width=200))
    worth = rough(found["evpi_elsewhere"])
    assert (
        f"In 1 of 3 worlds no plan keeps continuity. Over the others, to know the world before choosing would be worth "
        f"{worth} million (EVPI)." in page.getvalue()
    )


def reports(plan, folder):
    """What terminal, page and workbook say of a plan, each as one text."""
    page = io.StringIO()
    show_plan(plan, Console(file=page, width=300))
    publish(plan.case, plan, folder)
    book = openpyxl.load_workbook(write_workbook(plan, folder / "plan.xlsx"))
    cells = [str(cell.value) for row in book["Summary"].iter_rows() for cell in row if cell.value is not None]
    html = re.sub(r"<[^>]*>", "", unescape(page_of(read_results([str(folder)]))))
    told = {"terminal": page.getvalue(), "page": html, "workbook": "\n".join(cells)}
    return {name: " ".join(text.split()) for name, text in told.items()}


def test_figures_worth_nothing_are_shown_with_what_that_means(plan, tmp_path):
    """The first three, by what they are worth and then by what they may be."""
    worth = {path: [0.0, 0.0, 0.0] for path in plan.worlds["evppi"]}
    *_, second, first = worth
    found = dataclasses.replace(
        plan, worlds=plan.worlds | {"evppi": worth | {first: [0.0, 0.0, 40.0], second: [0.0, 0.0, 7.0]}}
    )
    names = [row.name for row in study_view(found).first]
    assert len(names) == 3 and names[:2] == [plan.case.names.figure(path) for path in (first, second)]
    said = reports(found, tmp_path / "nothing")
    for text in said.values():
        assert "No single figure is worth knowing: the same plan is chosen whatever it turns out to be." in text
        assert "0 to 40" in text and "0 to 7" in text
        assert text.index(names[0]) < text.index(names[1]) < text.index(names[2])
    assert "The end of an interval is what it might be worth by other worlds drawn." in said["workbook"]
    # Beside one that is worth something those that are not stay.
    for text in reports(plan, tmp_path / "something").values():
        assert "A figure worth 0 need not be known: the same plan is chosen whatever it turns out to be." in text
    assert len(study_view(plan).first) == 3 and study_view(plan).first[0].worth.value > 0
    assert study_view(plan).first[2].worth.value == 0


def test_the_workbook_says_of_which_worlds_evpi_is_known(plan, tmp_path):
    found = dataclasses.replace(
        plan, worlds=plan.worlds | {"evpi": None, "evpi_elsewhere": 12.0, "unkept": ["3", "5"], "vss": None}
    )
    sentence = (
        "In 2 of 16 worlds no plan keeps continuity. Over the others, to know the world before choosing would be "
        "worth 12.0 million (EVPI)."
    )
    for name, text in reports(found, tmp_path / "result").items():
        assert sentence in text, name
