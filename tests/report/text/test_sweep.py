"""What a sweep says: on the terminal, as one document, in charts, from the command."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console
from sluicegate import load_case
from sluicegate.analysis.sensitivity.outcomes import outcome_of
from sluicegate.analysis.sweep.design import make_design
from sluicegate.analysis.sweep.run import run_sweep
from sluicegate.cli import cli
from sluicegate.report.charts.base import svg_of
from sluicegate.report.charts.sweep import sweep_figures, write_sweep_charts
from sluicegate.report.format.documents import to_json
from sluicegate.report.text.sweep import show_sweep
from sluicegate.report.views.sweep import sweep_document

from sluicegate_testing.sweep_cases import designed, formula

BUDGET, QUANTITY, PENALTY = (
    "limits.budget",
    "demands.home-makers/chip.quantity",
    "demands.abroad-fab/chip.shortage_penalty",
)
VARY = [f"{BUDGET}=0..10", f"{QUANTITY}=0..1", f"{PENALTY}=5,10@2"]


def made(kind, vary=VARY, holes=False, both=True, **options):
    design = designed(kind, vary, **options)
    return formula(
        design,
        lambda s: 3 * s[BUDGET] + s[QUANTITY] + np.arange(len(s)) * 1e-3,
        lambda s: np.where(s[BUDGET] < 2.5, "all open", "acid=review"),
        lambda s: np.where(holes & (s[BUDGET] > 7), "infeasible", "optimal"),
        (lambda s: 2 * s[BUDGET]) if both else None,
    )


def shown(sweep, width=110, **options):
    page = io.StringIO()
    show_sweep(sweep, Console(file=page, width=width), **options)
    return page.getvalue()


SECTIONS = {
    "oat": "Advice",
    "lhs": "95% interval",
    "grid": "Share: of the variance",
    "morris": "mu*",
    "sobol": "ST",
}


@pytest.mark.parametrize("kind", SECTIONS)
def test_every_design_has_its_answer(kind):
    vary = VARY[:2] if kind == "grid" else VARY
    text = shown(made(kind, vary))
    for words in ("Sweep of Acid, gas and chips", "What is varied", "What leverage depends on", SECTIONS[kind]):
        assert words in text
    assert "as in the base plan" in text and "Acid exports: open" in text
    assert "What keeping to the base plan costs" in text
    assert ("Which choices are best where" in text) == (kind == "grid")


def test_samples_without_a_plan_are_told_and_no_index_is_shown():
    text = shown(made("lhs", holes=True))
    assert "no plan satisfies the limits" in text
    assert "Sensitivity indices need leverage in every sample" in text and "95% interval" in text
    assert "effect" not in text.lower().partition("what leverage depends on")[2].partition("which choices")[0]


def test_pairs_are_shown_where_they_were_asked_for():
    text = shown(made("sobol", samples=16, second_order=True))
    assert "What pairs of figures add" in text
    assert "What pairs of figures add" not in shown(made("sobol", samples=16))


def test_rows_of_the_base_plan_can_be_looked_at():
    text = shown(made("lhs"), mode="fixed")
    assert "Which choices are best" not in text
    assert shown(made("lhs"), mode="fixed") != shown(made("lhs"))


def test_an_outcome_is_chosen():
    assert "What same_policies depends on" in shown(made("lhs"), outcome="same_policies")
    with pytest.raises(ValueError, match="did you mean 'leverage'"):
        shown(made("lhs"), outcome="levrage")


def test_nothing_is_cut_off_on_a_narrow_terminal():
    text = shown(made("lhs"), width=60)
    assert all(len(line) <= 60 for line in text.splitlines())
    together = "".join(text.split())
    assert together.count("shortage_penalty") == 2 and together.count("shortagepenalty") >= 2


@pytest.mark.parametrize("kind", SECTIONS)
def test_the_document_holds_what_the_terminal_shows(kind):
    sweep = made(kind, VARY[:2] if kind == "grid" else VARY)
    document = json.loads(to_json(sweep_document(sweep)))
    name = {"oat": "tornado", "morris": "morris", "sobol": "sobol"}.get(kind, "main_effects")
    assert document[name][0]["factor"] == BUDGET and document["refusal"] is None
    assert sum(entry["samples"] for entry in document["choice_shares"]) == document["samples"]
    assert document["status"]["free"] == {"optimal": document["samples"]}
    assert sum(entry["samples"] for entry in document["regret"]) == document["samples"]
    assert ("choice_map" in document) == (kind == "grid")
    holed = json.loads(to_json(sweep_document(made("lhs", holes=True))))
    assert holed["main_effects"] is None and "in every sample" in holed["refusal"]


# Charts ----------------------------------------------------------------------------------------------------------------

CHARTS = {
    "oat": ["tornado", "spread", "shares", "regret"],
    "lhs": ["effects", "spread", "scatter", "shares", "regret"],
    "grid": ["effects", "spread", "map", "shares", "regret"],
    "morris": ["morris", "spread", "shares", "regret"],
    "sobol": ["sobol", "spread", "scatter", "shares", "regret"],
}


@pytest.mark.parametrize("kind", CHARTS)
def test_every_design_has_its_charts(kind):
    figures = sweep_figures(made(kind, VARY[:2] if kind == "grid" else VARY))
    assert [figure.name for figure in figures] == CHARTS[kind]
    for figure in figures:
        assert figure.chart.to_dict()
        drawn = svg_of(figure.written)
        assert figure.title in drawn.replace("&#39;", "'").replace("&apos;", "'")
        assert len(figure.text) > 40 and "nan" not in figure.text
        assert "NaN" not in drawn
    assert ">budget<" in svg_of(figures[0].written) and "budget" in figures[0].text and BUDGET not in figures[0].text


def test_samples_without_a_plan_have_no_chart_of_indices():
    names = [figure.name for figure in sweep_figures(made("sobol", holes=True))]
    assert names == ["spread", "scatter", "shares", "regret"]
    without = sweep_figures(made("oat", [f"{BUDGET}=1..10", VARY[1]], holes=True, both=False))
    assert [figure.name for figure in without] == ["spread", "shares"]


def test_charts_are_written_beside_each_other(tmp_path):
    files = write_sweep_charts(made("oat", both=False), tmp_path / "doubts.svg")
    assert sorted(file.name for file in files) == ["doubts-shares.svg", "doubts-spread.svg", "doubts-tornado.svg"]
    assert all(file.read_text().startswith("<svg") for file in files)


# The command -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("sweeps") / "budget"
    case = load_case("tutorial")
    run_sweep(case, make_design(case, "grid", [f"{BUDGET}=10,15,20"]), place, policies="both")
    return place


def test_what_a_sweep_means_is_told_without_a_solver(folder):
    code = (
        "import sys; from sluicegate.cli import cli; cli(sys.argv[1:], standalone_mode=False); "
        "print({'pyomo', 'highspy'} & set(sys.modules))"
    )
    asked = [sys.executable, "-c", code, "sweep", "summary", str(folder)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


def test_the_command_says_what_a_sweep_means(folder, tmp_path):
    run = CliRunner().invoke(cli, ["sweep", "summary", str(folder), "--chart", str(tmp_path / "x.svg")])
    assert run.exit_code == 0, run.output
    assert "What leverage depends on" in run.stdout and "Acid exports: strict" in run.stdout
    assert "Written to" in run.stderr and "Written" not in run.stdout
    assert (tmp_path / "x-effects.svg").exists()
    document = json.loads(CliRunner().invoke(cli, ["sweep", "summary", str(folder), "--json"]).stdout)
    assert document["main_effects"][0]["effect"] == pytest.approx(74.82 + 14, abs=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--outcome", "levrage"], "did you mean 'leverage'?"),
        (["--chart", "x.gif"], "--chart x.gif: give the file one of the endings .svg, .png, .html"),
        (
            ["--chart", "/nowhere/x.svg"],
            "--chart /nowhere/x.svg cannot be written: there is no folder /nowhere; make it",
        ),
        (["--policies", "frozen"], "'frozen' is not one of 'free', 'fixed'"),
    ],
)
def test_mistakes_are_told_without_half_an_answer(folder, options, message):
    run = CliRunner().invoke(cli, ["sweep", "summary", str(folder), *options])
    assert run.exit_code == 2 and message in run.stderr and run.stdout == ""


def test_a_folder_that_is_no_sweep_is_refused(tmp_path):
    run = CliRunner().invoke(cli, ["sweep", "summary", str(tmp_path)])
    assert run.exit_code == 2 and "Traceback" not in run.output


def test_faults_of_a_design_are_told_all_at_once():
    run = CliRunner().invoke(cli, ["sweep", "tutorial", "--vary", "limits.budgt=1..2", "--vary", "limits.budget=9"])
    assert run.exit_code == 2
    assert "2 faults in the design:" in run.stderr and "did you mean 'budget'?" in run.stderr


# Samples without a plan, and none at all --------------------------------------------------------------------------------


def summary(folder, *options):
    run = CliRunner().invoke(cli, ["sweep", "summary", str(folder), *options])
    assert run.exit_code == 0, run.output
    return run.stdout if "--json" in options else " ".join(run.stdout.split())


def test_a_sweep_in_which_no_sample_has_a_plan_says_so(tmp_path):
    case = load_case("tutorial", [f"{BUDGET}=0"])
    vary = [f"{BUDGET}=0..1", "demands.home-makers/chip.min_fill_week=0.99..1"]
    place = tmp_path / "none"
    run_sweep(case, make_design(case, "sobol", vary, samples=2), place)
    text = summary(place)
    for words in (
        "best plan: 8 of 8 infeasible (8 no plan satisfies the limits)",
        "leverage: no sample has it",
        "No sample has leverage: 8 of 8 infeasible.",
        "Device makers",
        "no plan satisfies the limits 8 100%",
    ):
        assert words in text, words
    document = json.loads(summary(place, "--json"))
    assert document["status"] == {"free": {"infeasible": 8}} and document["spread"]["samples"] == 0
    assert "8 of 8 infeasible" in document["refusal"]
    assert "No sample has own_loss: 8 of 8 infeasible." in summary(place, "--outcome", "own_loss")
    wrong = CliRunner().invoke(cli, ["sweep", "summary", str(place), "--outcome", "zzz"])
    assert wrong.exit_code == 2 and "no sample has a plan (8 of 8 infeasible)" in wrong.stderr
    assert wrong.stderr.count("has_plan") == 1
    assert summary(place, "--outcome", "has_plan")
    assert CliRunner().invoke(cli, ["report", str(place), "-o", str(tmp_path / "x.html")]).exit_code == 0


def test_a_name_that_is_no_outcome_is_answered_with_names_once(folder):
    run = CliRunner().invoke(cli, ["sweep", "summary", str(folder), "--outcome", "zzz"])
    assert run.exit_code == 2
    assert run.stderr.count("has_plan") == run.stderr.count("same_policies") == 1


@pytest.mark.parametrize("policies", ["free", "both"])
def test_a_sweep_without_a_row_says_so(tmp_path, policies):
    case = load_case("tutorial")
    place = tmp_path / "begun"
    run_sweep(case, make_design(case, "grid", [f"{BUDGET}=10,15"]), place, policies=policies)
    for path in (place / "rows").iterdir():
        path.unlink()
    text = summary(place)
    assert "best plan: 2 of 2 not run" in text
    assert "No sample was run yet" in text and "--resume" in text
    assert json.loads(summary(place, "--json"))["status"]["free"] == {"not run": 2}
    assert CliRunner().invoke(cli, ["report", str(place), "-o", str(tmp_path / "x.html")]).exit_code == 0


def test_the_chart_compares_both_plans_over_the_same_samples():
    sweep = made("lhs", samples=40)
    kept = sweep.frame["mode"].eq("free") | (sweep.frame[f"in.{BUDGET}"] < 5)
    frame = sweep.frame.assign(
        status=sweep.frame["status"].where(kept, "infeasible"), leverage=sweep.frame["leverage"].where(kept)
    )
    (figure,) = [each for each in sweep_figures(dataclasses.replace(sweep, frame=frame)) if each.name == "spread"]
    drawn = figure.chart.to_dict()
    (rows,) = drawn["datasets"].values()
    counts = {kind: sum(row["kind"] == kind for row in rows) for kind in ("best plan", "base plan kept")}
    assert counts == {"best plan": 20, "base plan kept": 20}
    best = sorted(row["value"] for row in rows if row["kind"] == "best plan")
    free = frame[(frame["mode"] == "free") & (frame[f"in.{BUDGET}"] < 5)]
    assert best == sorted(free["leverage"])
    words = "20 samples that both plans have it in; 20 more with the best plan only"
    assert words in figure.text and words in json.dumps(drawn)


def test_a_column_of_text_is_split_where_there_is_such_a_value():
    sweep = made("lhs", both=False)
    frame = sweep.frame.rename(columns={"policy.acid": "policy.a"}).assign(**{"policy.a=b": "c"})
    for columns in (list(frame), list(frame)[::-1]):
        turned = dataclasses.replace(sweep, frame=frame[columns])
        assert outcome_of(turned, "policy.a=b=c").sum() == len(sweep.design)
        assert 0 < outcome_of(turned, "policy.a=review").sum() < len(sweep.design)
        both = dataclasses.replace(turned, frame=turned.frame.assign(**{"policy.a": "b=c"}))
        with pytest.raises(ValueError, match=r"as a value of policy\.a and of policy\.a=b; rename one"):
            outcome_of(both, "policy.a=b=c")
