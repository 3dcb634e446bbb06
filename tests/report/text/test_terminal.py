"""A plan on the terminal."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from sluicegate import Plan, evaluate, load_case, solve
from sluicegate.report.text.check import show_check
from sluicegate.report.text.plan import show_plan
from sluicegate.report.text.words import status_words
from sluicegate.report.views.plan import plan_view

from sluicegate_testing.cli_cases import REASON, small


def shown(plan: Plan, width: int = 80) -> str:
    console = Console(width=width, file=None)
    with console.capture() as captured:
        show_plan(plan, console)
    return captured.get()


def section(text: str, title: str) -> str:
    start = text.index(f"\n{title}")
    end = text.find("\n\n", start + 1)
    return text[start : end if end > 0 else len(text)]


def with_(plan: Plan, **changes: Any) -> Plan:
    return dataclasses.replace(plan, **changes)


def test_says_what_matters(plan: Plan) -> None:
    text = " ".join(shown(plan).split())
    for words in (
        "A small case small: 6 weeks from 2026-01-05; money in USD m",
        "Leverage 653 USD m optimal: no plan can have more (gap 0%)",
        "the counterpart's loss 1,030 less our loss 378, under answer, the worst package",
        "without reviews -143",
        "Review of gas strict 3 50% 3 0 2",
        "budget (USD m) 30 30 0",
        "reviewer hours 0 no limit",
        "chip-alt world 0%",
        "us-site/chip 0.95455 k 21",
        "them-site/chip 36.7% week 0",
        "us-site/chip answer mean 20% 70.6% 50% +50.6",
        "answer 653.47 1,031 377.53 worst package",
        "strike 757.38",
        "not rated",
        "Checked: linear programs solved alone give the same figures",
    ):
        assert words in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_fits_the_width(plan: Plan, width: int) -> None:
    assert all(cell_len(line) <= width for line in shown(plan, width).splitlines())


def test_parts_of_a_loss_add_up_to_it(plan: Plan) -> None:
    for side, title, total in (
        ("counterpart", "Where the counterpart's loss", plan.counterpart_loss),
        ("ours", "Where our loss", plan.own_loss),
    ):
        lines = section(shown(plan), title).splitlines()[4:]
        *parts, last = [float(line.split()[-1].replace(",", "")) for line in lines]
        assert sum(parts) == pytest.approx(total, abs=0.01 * len(parts) + 0.5 * 10.0**-2)
        assert last == pytest.approx(total, abs=0.5)
        frame = plan.tables["losses"]
        rows = frame[(frame["side"] == side) & (frame["scenario"] == plan.worst_package)]
        nonzero = rows[rows[["status_quo", "plan", "loss"]].abs().max(axis=1) > 1e-6]
        assert len(parts) == len(nonzero) < len(rows)


def told(plan: Plan) -> str:
    view = plan_view(plan)
    return status_words(view, view.case.words)


def test_never_optimal_without_a_bound(plan: Plan) -> None:
    assert told(plan).startswith("optimal: no plan can have more (gap 0%)")
    late = with_(plan, status="feasible", bound=700.0, gap=(700.0 - plan.leverage) / plan.leverage)
    assert told(late) == "not proven best: no plan can have more than 700 (gap 7.1%)"
    unproven = with_(plan, status="feasible", bound=float("inf"), gap=float("inf"))
    assert told(unproven) == "not proven best: nothing is proven about better ones"
    assert told(with_(plan, status="feasible", bound=None, gap=None)) == "as chosen, not optimised; keeps all limits"
    assert "optimal" not in told(with_(plan, status="infeasible"))


def test_a_demand_that_is_always_served_takes_no_line_of_the_table() -> None:
    plan = evaluate(small())
    lines = section(shown(plan), "Continuity")
    assert "Served in full" not in lines
    calm = small()
    calm = dataclasses.replace(calm, retaliations=(), contingencies=())
    assert "Served in full, every week of every scenario: us-site/chip (limit mean 20%)" in " ".join(
        section(shown(evaluate(calm)), "Continuity").split()
    )


def test_choices_that_break_limits_are_told() -> None:
    plan = evaluate(small(budget=1.0), {"review": "strict"})
    assert plan.status == "infeasible"
    text = shown(plan)
    assert "as chosen; breaks limits" in text
    assert "budget at most 1: over by 2" in section(text, "Limits that these choices break")
    assert "without reviews" not in text


def test_a_proof_that_there_is_no_plan() -> None:
    plan = solve(load_case("tutorial", ["limits.budget=0", "demands.home-makers/chip.min_fill=1"]))
    assert plan.status == "infeasible"
    text = shown(plan)
    assert "No plan satisfies the limits\n  Proven: no plan under any" in text
    assert re.search(r"mean fill of Chip, Device makers +at least 100%", text)
    assert re.search(r"budget +at most 0\n", text)
    assert "--set 'demands.home-makers/chip.min_fill=*0.9'" in text


def test_stopped_without_a_plan(plan: Plan) -> None:
    text = shown(Plan(case=plan.case, status="unknown", bound=900.0, solve={"method": "columns", "seconds": 3.0}))
    assert "Stopped before a plan was found" in text
    assert "Any plan has a leverage of at most 900 USD m." in text
    assert "optimal" not in text


def test_a_case_without_currency_or_retaliation() -> None:
    case = small()
    settings = case.settings.model_copy(update={"case": case.settings.case.model_copy(update={"currency": ""})})
    plan = evaluate(dataclasses.replace(case, settings=settings, retaliations=(), contingencies=()))
    text = shown(plan)
    assert "small: 6 weeks from 2026-01-05\n" in re.sub(r" +\n", "\n", text)
    assert "the case has no package" in " ".join(text.split())
    assert "Where our loss comes from  without retaliation" in text


NAMES = {
    "markup": "[red]x[/red]",
    "markup that closes nothing": "[/bold]",
    "emoji code": ":warning:",
    "long": "a-very-long-id-" * 12,
    "long without joints": "x" * 200,
    "right to left": "מגבר־אור",
    "chinese": "半导体材料" * 8,
    "formula": "=1+1",
    "equal sign": "a=b",
    "turned": "abc\u202edef",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_are_text(name: str) -> None:
    plan = solve(small(name=f"n{name}", gas=name.replace("/", "|"), title=f"{name} for {name}", review=name))
    text = shown(plan)
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    together = "".join(text.split())
    escaped = name.replace("\u202e", "\\u202e")
    assert "".join(f"{escaped} for {escaped}".split()) in together
    assert f"n{escaped}:" in together
    policies = section(text, "Policies").partition("Delay:")[0]
    assert "".join(escaped.split()) in "".join(
        line[:60].split()[0] for line in policies.splitlines()[3:] if line.strip()
    )
    assert "\x1b" not in text
    assert "\u202e" not in text

    console = Console(width=80)
    with console.capture() as captured:
        show_check(plan.case, [f"{name} looks odd"], console)
    assert "".join(f"{escaped} looks odd".split()) in "".join(captured.get().split())


def test_long_ids_stay_apart() -> None:
    first = "chips-from-the-first-plant-of-the-northern-district-by-sea"
    case = small()
    lanes = tuple(
        row.model_copy(update={"lane": first + ending}) if ending else row
        for row, ending in zip(case.lanes, ("", "-a", "-b"), strict=True)
    )
    plan = solve(dataclasses.replace(case, lanes=lanes, contingencies=()))
    together = "".join(word for line in section(shown(plan), "Sourcing").splitlines() for word in line.split()[:1])
    assert first + "-a" in together
    assert first + "-b" in together


def test_many_warnings_about_the_case_are_cut_short(plan: Plan) -> None:
    told = [f"items.csv, row {row}: o{'d' * row}" for row in range(2, 32)]
    text = shown(with_(plan, warnings=("a wide range",), case_warnings=tuple(told)))
    lines = section(text, "Before you trust these figures").strip().splitlines()[1:]
    assert [line.strip() for line in lines] == [
        "- a wide range",
        *(f"- in the case: {warning}" for warning in told[:6]),
        "- in the case: 24 more warnings; sluicegate validate lists them all",
    ]
    text = shown(with_(plan, case_warnings=tuple(told[:7])))
    assert told[6] in text
    assert "validate lists" not in text


def test_ends_with_the_answer(plan: Plan) -> None:
    text = " ".join(section(shown(plan), "The answer").split())
    assert text.startswith("The answer us should slow Review of gas (strict, about 3 weeks)")
    assert text.endswith("Every minimum service level is met in every scenario.")


@pytest.mark.parametrize("width", [60, 80])
def test_says_what_each_decision_is_for(plan: Plan, width: int) -> None:
    lines = section(shown(with_(plan, reasons=(REASON,)), width), "What each decision is for")
    text = " ".join(lines.split())
    assert "Decision Takes Lost without it" in text
    assert "Review of gas: strict 3 796.2" in text
    assert "- Review of gas: strict. What needs it: answer: 796.2 more lost with all else kept." in text
    assert "Instead: nothing." in text, "leaving it out is no replacement"
    assert all(cell_len(line) <= width for line in lines.splitlines())


def test_scenarios_say_what_happens(plan: Plan) -> None:
    text = " ".join(section(shown(plan), "Scenarios").split())
    assert "answer: " in text
    assert re.search(r"strike: 50% of the capacity to carry chip-in, weeks? \d", text)


@pytest.mark.parametrize(
    ("theirs", "ours", "words"),
    [
        (1030.4, 377.6, "that costs them 1,030 USD m and us 378 USD m"),
        (1030.4, -24.0, "that costs them 1,030 USD m and brings us 24 USD m"),
        (-5.0, 12.0, "that brings them 5 USD m and costs us 12 USD m"),
        (-5.0, -12.0, "that brings them 5 USD m and us 12 USD m"),
    ],
)
def test_who_gains_is_said_to_gain(plan: Plan, theirs: float, ours: float, words: str) -> None:
    changed = with_(plan, counterpart_loss=theirs, own_loss=ours)
    assert words in " ".join(shown(changed).split())
