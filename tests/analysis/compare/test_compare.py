"""Plans side by side: what differs, and which difference explains how much of the leverage."""

from __future__ import annotations

import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pytest import approx
from rich.cells import cell_len
from rich.console import Console
from sluicegate import Case, evaluate, load_case, solve
from sluicegate.analysis.compare import differences as module
from sluicegate.analysis.compare import work
from sluicegate.analysis.compare.compare import Comparison, compare
from sluicegate.analysis.compare.differences import applied, differences, grouped
from sluicegate.analysis.results import read_result
from sluicegate.model.plan.monitor import Monitor
from sluicegate.report.files.folder import ResultFolder, run_record
from sluicegate.report.format.documents import to_json
from sluicegate.report.text.compare import show_comparison

PENALTY = "demands.home-makers/chip.shortage_penalty"


def tutorial(*overrides: str) -> Case:
    return load_case("tutorial", overrides)


def without(case: Case, table: str, *ids: str) -> Case:
    rows: Any = {table: tuple(row for row in case.rows(table) if row.id not in ids)}
    return dataclasses.replace(case, places={}, **rows)


def row(frame: pd.DataFrame | None, difference: str) -> Any:
    assert frame is not None
    (found,) = frame[frame["difference"] == difference].to_dict("records")
    return found


def publish(case: Case, folder: Path, **options: Any) -> Path:
    plan = solve(case, **options)
    record = run_record(plan, "solve", case.name, [], {}, datetime.datetime.now().astimezone())
    with ResultFolder(folder, case.name) as result:
        return result.publish(plan, record)


@pytest.fixture(scope="module")
def pair() -> Comparison:
    return compare([tutorial(), tutorial("limits.budget=16", f"{PENALTY}=20")])


def test_what_differs(pair: Comparison) -> None:
    assert pair.names == {"A": "tutorial", "B": "tutorial"}
    assert pair.inputs.to_dict("records") == [
        {"table": "limits", "key": "", "column": "budget", "A": 15.0, "B": 16.0},
        {"table": "demands", "key": "home-makers/chip", "column": "shortage_penalty", "A": 12.0, "B": 20.0},
    ]
    choices = pair.choices.set_index("name")
    assert choices.loc["acid", ["A", "B", "differs"]].tolist() == ["review", "strict", True]
    assert choices.loc["gas", ["A", "B", "differs"]].tolist() == ["open", "open", False]
    assert choices.loc["chip-world-home", ["A", "B"]].tolist() == [True, True]
    outcomes = pair.outcomes.set_index("measure")
    assert outcomes.loc["leverage", ["A", "B"]].tolist() == [approx(35.7), approx(50.86)]
    assert outcomes.loc["counterpart_loss", ["A", "B"]].tolist() == [approx(98.2), approx(168.36)]
    assert outcomes.loc["least_mean_fill", ["A", "B"]].tolist() == [approx(0.925), approx(0.9)]


def test_attribution_by_hand(pair: Comparison) -> None:
    # docs/tutorial.md: a budget of 16 buys `strict`, 74.86. A lot that is missed costs 8 more: 2 lots under review, 3 under
    # strict. From A: +39.16 and -16. From B: -24 for the penalty, and 50.86 - 19.7 for the budget.
    frame = pair.attribution
    assert pair.change == approx(15.16)
    budget, penalty = row(frame, "limits.budget"), row(frame, PENALTY)
    assert (budget["effect_from_A"], budget["effect_from_B"]) == (approx(39.16), approx(31.16))
    assert (penalty["effect_from_A"], penalty["effect_from_B"]) == (approx(-16), approx(-24))
    assert (budget["share_from_A"], penalty["share_from_B"]) == (approx(39.16 / 15.16), approx(-24 / 15.16))
    rest = row(frame, "interaction")
    assert (rest["effect_from_A"], rest["effect_from_B"]) == (approx(-8), approx(8))
    assert {budget["status_from_A"], penalty["status_from_B"]} == {"solved"}


def test_effects_and_interaction_add_up(pair: Comparison) -> None:
    frame = pair.attribution
    assert frame is not None
    parts, total = frame[frame["difference"] != "total"], row(frame, "total")
    for letter in "AB":
        assert parts[f"effect_from_{letter}"].sum() == approx(total[f"effect_from_{letter}"])
        assert parts[f"share_from_{letter}"].sum() == approx(1)
        assert total[f"effect_from_{letter}"] == approx(pair.change)


def test_limits_that_gain_together_only(monkeypatch: pytest.MonkeyPatch) -> None:
    # `strict` takes a budget of 16 and 4 hours: 39 more, once both are there.
    loads = ("policies.acid/review.reviewer_load=2", "policies.acid/strict.reviewer_load=4")
    first = solve(tutorial(*loads, "limits.budget=15", "limits.reviewer_hours=3"))
    second = solve(tutorial(*loads, "limits.budget=16", "limits.reviewer_hours=4"))
    # Cases that differ in limits alone share an engine.
    monkeypatch.setattr(work, "solve", lambda *_, **__: pytest.fail("solved on its own"))
    found = compare([first, second])
    for name in ("limits.budget", "limits.reviewer_hours"):
        assert row(found.attribution, name)["effect_from_A"] == approx(0, abs=1e-6)
        assert row(found.attribution, name)["effect_from_B"] == approx(39.16)
    rest = row(found.attribution, "interaction")
    assert (rest["effect_from_A"], rest["effect_from_B"]) == (approx(39.16), approx(-39.16))


def test_figures_that_differ_share_their_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {PENALTY: 20, "lanes.chip-world-home.unit_cost": 2.5, "lanes.acid-home-abroad.margin": 0.3}
    ends = [solve(tutorial()), solve(tutorial(*(f"{path}={value}" for path, value in figures.items())))]
    alone = {path: solve(tutorial(f"{path}={value}")).leverage for path, value in figures.items()}
    monkeypatch.setattr(work, "solve", lambda *_, **__: pytest.fail("solved on its own"))
    found = compare(ends)
    for path, leverage in alone.items():
        assert row(found.attribution, path)["status_from_A"] == "solved"
        assert row(found.attribution, path)["effect_from_A"] == approx(leverage - ends[0].leverage, rel=1e-6, abs=1e-6)  # type: ignore[operator]


def test_a_whole_row_that_differs_leaves_the_figures_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = (f"{PENALTY}=20", "lanes.chip-world-home.unit_cost=2.5", "lanes.acid-home-abroad.margin=0.3")
    ends = [solve(tutorial()), solve(without(tutorial(*figures), "policies", "gas/review"))]
    solved: list[Case] = []

    def counted(case: Case, **options: Any) -> Any:
        solved.append(case)
        return solve(case, **options)

    monkeypatch.setattr(work, "solve", counted)
    found = compare(ends)
    # Of eight cases, four with the row and four without it.
    assert len(solved) <= 2
    assert found.attribution is not None
    assert set(found.attribution["status_from_A"][:4]) == {"solved"}


def test_result_folders_are_read_and_not_solved_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = publish(tutorial(), tmp_path / "a")
    other = publish(tutorial("limits.budget=16"), tmp_path / "b")
    monkeypatch.setattr(work, "solve", lambda *_, **__: pytest.fail("solved again"))
    found = compare([folder, str(other)])
    assert found.names == {"A": str(folder), "B": str(other)}
    assert found.change == approx(39.16)
    # One difference explains all: nothing is left to be solved.
    assert row(found.attribution, "limits.budget")["effect_from_A"] == approx(39.16)
    assert row(found.attribution, "interaction")["effect_from_B"] == approx(0, abs=1e-9)
    assert found.notes == ()
    assert found.plans["A"].policies == {"acid": "review", "gas": "open"}


def test_a_plan_and_its_folder_are_the_same(tmp_path: Path) -> None:
    plan = solve(tutorial())
    folder = publish(tutorial(), tmp_path / "a")
    found = compare([plan, folder])
    assert not len(found.inputs)
    assert not found.choices["differs"].any()
    assert not found.outcomes["differs"].any()
    assert found.change == approx(0)
    assert "do not differ in any figure" in found.notes[0]
    assert read_result(folder)[0].limits == plan.limits


def test_a_folder_whose_case_was_changed(tmp_path: Path) -> None:
    folder = publish(tutorial(), tmp_path / "a")
    file = folder / "case" / "case.toml"
    file.write_text(file.read_text().replace("budget = 15", "budget = 14"))
    found = compare([folder, tutorial()], attribute=False)
    assert "its case was changed after the plan was found" in found.notes[0]


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 9, "status": "optimal"}'])
def test_a_folder_that_cannot_be_read(tmp_path: Path, content: str) -> None:
    folder = publish(tutorial(), tmp_path / "a")
    (folder / "plan.json").write_text(content)
    with pytest.raises(ValueError, match=r"plan\.json"):
        compare([folder, tutorial()])


def test_choices_that_were_only_evaluated(tmp_path: Path) -> None:
    given = evaluate(tutorial(), {"acid": "review"}, ("chip-world-home",))
    found = compare([given, tutorial("limits.budget=16")])
    assert any("A: choices as given, not optimised" in note for note in found.notes)
    assert any("A was not optimised" in note for note in found.notes)
    assert found.change == approx(39.16)


def test_a_lane_that_one_case_has_goes_with_what_refers_to_it() -> None:
    # Without the lane to qualify, an acid review breaks continuity: best is to do nothing, at -14.
    case = tutorial()
    strike = case.contingencies[0].model_copy(update={"contingency": "late-ship", "lane": "chip-world-home"})
    more = dataclasses.replace(case, contingencies=(*case.contingencies, strike), places={})
    less = without(case, "lanes", "chip-world-home")
    found = compare([less, more])
    whole = found.inputs[found.inputs["column"] == "(row)"]
    assert whole["key"].tolist() == ["chip-world-home", "late-ship/chip-world-home"]
    assert whole["A"].tolist() == [None, None]
    assert "fixed_cost 10" in whole["B"].tolist()[0]
    (name,) = set(found.attribution["difference"]) - {"interaction", "total"}  # type: ignore[index]
    assert name == "lanes chip-world-home added, and 1 more that go with it"
    alone = row(found.attribution, name)
    assert alone["effect_from_A"] == approx(found.change) == approx(alone["effect_from_B"])
    back = compare([more, less])
    assert back.change == approx(-found.change)
    assert "removed" in back.attribution["difference"][0]  # type: ignore[index]
    text = " ".join(shown(found, 400).split())
    assert "lanes: Chip from World market, in B only: item Chip, origin World market, destination Device makers" in text
    assert "lanes: Chip from World market added, and 1 more that go with it" in text


def test_a_difference_that_is_refused_alone_is_said_to_be() -> None:
    # A base flow of 6 needs a max flow of 6; a max flow of 4 refuses it.
    first = tutorial()
    second = tutorial("lanes.chip-abroad-world.max_flow=6", "lanes.chip-abroad-world.base_flow=6")
    found = compare([first, second])
    base = row(found.attribution, "lanes.chip-abroad-world.base_flow")
    most = row(found.attribution, "lanes.chip-abroad-world.max_flow")
    assert base["status_from_A"].startswith("refused: ")
    assert "more than max_flow 4" in base["status_from_A"]
    assert pd.isna(base["effect_from_A"])
    assert most["status_from_B"].startswith("refused: ")
    assert base["status_from_B"] == most["status_from_A"] == "solved"
    rest = row(found.attribution, "interaction")
    assert rest["status_from_A"] == "holds 1 that could not be had alone"
    assert most["effect_from_A"] + rest["effect_from_A"] == approx(found.change)
    text = shown(found)
    assert "from A: refused" in " ".join(text.split())


def test_a_difference_under_which_there_is_no_plan_is_said_to_be() -> None:
    # A mean fill of 0.92 needs the second source, which takes a budget of 10.
    first = tutorial("limits.budget=9")
    second = tutorial("limits.budget=40", "demands.home-makers/chip.min_fill=0.92")
    found = compare([first, second])
    fill = row(found.attribution, "demands.home-makers/chip.min_fill")
    assert fill["status_from_A"] == "no plan satisfies the limits"
    assert row(found.attribution, "limits.budget")["status_from_B"] == "no plan satisfies the limits"
    json.loads(to_json(found.to_dict()))


def test_no_plan_on_one_side() -> None:
    broke = tutorial("limits.budget=0", "demands.home-makers/chip.min_fill=1")
    found = compare([tutorial(), broke])
    assert found.attribution is None
    assert "B: no plan satisfies its limits" in found.notes
    assert pd.isna(found.outcomes.set_index("measure").loc["leverage", "B"])
    shown(found)


def test_what_never_changes_a_plan_is_not_attributed() -> None:
    case = tutorial()
    heading = case.settings.case.model_copy(update={"title": "Another", "currency": "thousand"})
    other = dataclasses.replace(case, settings=case.settings.model_copy(update={"case": heading}), sources=())
    assert differences(case, other) == []
    found = compare([case, other])
    assert found.inputs["column"].tolist() == ["title", "currency", "(rows)"]
    assert "different currencies" in found.notes[0]


def test_the_weeks_of_an_outage_are_figures() -> None:
    case = tutorial()
    moved = dataclasses.replace(
        case, contingencies=tuple(row.model_copy(update={"from_week": 2}) for row in case.contingencies), places={}
    )
    (each,) = differences(case, moved)
    assert each.words() == "contingencies.port-strike/chip-abroad-home.from_week"
    assert applied(case, moved, [each], forward=True) == moved
    assert applied(moved, case, [each], forward=False) == case


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_many_differences_are_put_together(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    case = tutorial()
    lanes = tuple(
        row.model_copy(update={"unit_cost": row.unit_cost * factor, "margin": row.margin + 0.01}) for row in case.lanes
    )
    other = dataclasses.replace(case, lanes=lanes, places={})
    found = differences(case, other)
    assert len(found) == 12
    assert len(grouped(found, case, other)[0]) == 12
    monkeypatch.setattr(module, "MOST_ROWS", 6)
    groups, words = grouped(found, case, other)
    assert len(groups) == 6
    assert words.startswith("each row")
    monkeypatch.setattr(module, "MOST_ROWS", 5)
    (group,), words = grouped(found, case, other)
    assert words.startswith("each table")
    assert module.group_words(group) == "lanes (12 figures)"
    assert applied(case, other, group, forward=True) == other
    assert applied(other, case, group, forward=False) == case


def test_every_difference_applied_makes_the_other_case() -> None:
    case = tutorial()
    other = without(tutorial("limits.budget=16", f"{PENALTY}=20"), "lanes", "chip-world-home")
    other = without(other, "policies", "gas/review")
    found = differences(case, other)
    there, back = applied(case, other, found, forward=True), applied(other, case, found, forward=False)
    assert module.content_digest(there) == module.content_digest(other)
    assert module.content_digest(back) == module.content_digest(case)


def test_three_things() -> None:
    found = compare([tutorial(), tutorial("limits.budget=16"), "tutorial"])
    assert list(found.names) == ["A", "B", "C"]
    assert found.attribution is None
    assert found.inputs[["A", "B", "C"]].to_numpy().tolist() == [[15.0, 16.0, 15.0]]
    assert "where two things are compared" in found.notes[0]
    shown(found)


def test_one_thing_is_none() -> None:
    with pytest.raises(ValueError, match="at least two"):
        compare([tutorial()])


class Stopping(Monitor):
    """Stops once the one-at-a-time solves begin."""

    stopped = False

    def stage(self, name: str, total: int) -> None:
        self.stopped = name == "differences"

    def stop(self) -> bool:
        return self.stopped


def test_stopped_early() -> None:
    found = compare([tutorial(), tutorial("limits.budget=16", f"{PENALTY}=20")], monitor=Stopping())
    assert row(found.attribution, "limits.budget")["status_from_A"] == "not solved: stopped"
    assert row(found.attribution, "interaction")["effect_from_A"] == approx(15.16)


def shown(found: Comparison, width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        show_comparison(found, console)
    text = captured.get()
    assert all(cell_len(line) <= width for line in text.splitlines())
    return text


def test_on_the_terminal(pair: Comparison) -> None:
    for width in (60, 80, 120):
        shown(pair, width)
    text = " ".join(shown(pair).split())
    for words in (
        "budget 15 16",
        "policy of Acid exports review strict",
        "Same policy: Gas exports",
        "the counterpart's loss 98.20 168.36 +70.16",
        "least mean fill of Chip, Device makers 92.5% 90% -2.5",
        "What explains the change of leverage, +15.16 million",
        "budget +39.16 258% +31.16 206%",
        "interaction -8.00 -53% +8.00 53%",
        "total +15.16 100% +15.16 100%",
    ):
        assert words in text
    document = json.loads(to_json(pair.to_dict()))
    assert document["attribution"][0]["effect_from_A"] == approx(39.16)
    assert document["attribution"][-1]["difference"] == "total"


def test_names_are_text() -> None:
    case = tutorial()
    lanes = tuple(
        row.model_copy(update={"lane": "[red]lane[/red]", "margin": 1.0}) if row.lane == "chip-world-home" else row
        for row in case.lanes
    )
    items = tuple(
        row.model_copy(update={"name": "[red]chip[/red]"}) if row.item == "chip" else row for row in case.items
    )
    case = dataclasses.replace(case, items=items, places={})
    other = dataclasses.replace(case, lanes=lanes, name="[/b]" + "x" * 120)
    text = "".join(shown(compare([case, other])).split())
    assert "[red]chip[/red]" in text
    assert "[/b]xxx" in text
