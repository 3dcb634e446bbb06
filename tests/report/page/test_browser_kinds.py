"""Every kind of page in a real browser: what a machine can judge of it, and what its script does."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sluicegate import evaluate, load_case, solve, with_reasons
from sluicegate.analysis.trade.parties import find_parties
from sluicegate.analysis.trade.ranking.scan import scan
from sluicegate.analysis.worlds import solve as solve_worlds
from sluicegate.data.trade import read_statistics
from sluicegate.report.charts.drawing import Here
from sluicegate.report.page.page import page_of, read_results, write_page
from sluicegate.report.page.scan import scan_page

from sluicegate_testing.browsing import CHROMIUM, CONTRAST, LETTERS, REACHED, SPILLS, sideways
from sluicegate_testing.buyer import buyer
from sluicegate_testing.results import frontier_folder, publish, sweep_folder
from sluicegate_testing.trade_files import plain, save

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

WIDTHS = (390, 768, 1280, 1440)

KINDS = ("comparison", "worlds", "buyer", "frontier", "sweep", "scan")
"""Kinds of pages beside that of a plan against a counterpart."""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what gives the file of a page of each kind, made once."""
    place = tmp_path_factory.mktemp("kinds")

    def results(kind: str) -> list[Path]:
        if kind == "buyer":
            case = buyer()
            return [publish(case, solve(case), place / "buyer-result")]
        case = load_case("tutorial")
        if kind == "worlds":
            return [publish(case, solve_worlds(case, worlds=3), place / "worlds-result")]
        if kind == "comparison":
            plans = {"a": evaluate(case), "b": evaluate(case, {"acid": "review"})}
            return [publish(case, plan, place / name) for name, plan in plans.items()]
        return [(frontier_folder if kind == "frontier" else sweep_folder)(case, place / f"{kind}-result")]

    def file(kind: str) -> Path:
        path = place / f"{kind}.html"
        if path.exists():
            return path
        if kind == "scan":
            with read_statistics([save(place, plain())]) as statistics:
                found = scan(statistics, find_parties("TWN", "KOR", ("USA", "JPN")))
            text = scan_page(found, datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), Here())
        else:
            text = page_of(read_results([str(folder) for folder in results(kind)]))
        write_page(text, path)
        return path

    return file


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_read_at_every_width(page_file: Callable[[str], Path], opened: Any, kind: str) -> None:
    page, seen = opened(page_file(kind), WIDTHS[0])
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert sideways(page) <= 0
        assert page.evaluate(LETTERS) == []
        assert page.evaluate(SPILLS) == []
    page.emulate_media(media="print")
    heads = "all => all.every(each => getComputedStyle(each).breakAfter === 'avoid')"
    assert page.locator("h2, h3, caption").evaluate_all(heads), "no heading stands alone at the end of a page"
    assert 1 <= page.pdf(format="A4").count(b"/Type /Page\n") <= 8
    assert seen == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_used_by_all(page_file: Callable[[str], Path], opened: Any, kind: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page, _ = opened(page_file(kind))
    for _ in range(page.evaluate(f"{REACHED}.length")):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.evaluate("document.activeElement.tagName") != "BODY", "the keyboard reaches all there is"
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRAST) == []
        found = axe.run(page).response["violations"]
        assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found] == []


def marks(page: Any) -> Locator:
    """Marks of the first chart that say their figures."""
    return page.locator("figure").first.locator("svg path:has(> title)")


def test_a_point_of_a_frontier_says_its_figures_and_leads_to_its_plan(
    page_file: Callable[[str], Path], opened: Any
) -> None:
    page, seen = opened(page_file("frontier"))
    point = marks(page).nth(1)
    figures = point.locator("title").text_content()
    assert "Leverage" in figures and "plan: " in figures
    point.hover()
    assert page.locator("figure .reading").text_content() == figures
    point.click()
    assert page.locator("tr.picked th").text_content().strip() == figures.rpartition("plan: ")[2]
    assert seen == []


def test_a_point_of_a_frontier_leads_to_its_plan_by_keyboard(page_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(page_file("frontier"))
    point = marks(page).nth(1)
    figures = point.locator("title").text_content()
    point.focus()
    assert page.locator("figure .reading").text_content() == figures
    page.keyboard.press("Enter")
    assert page.locator("tr.picked th").text_content().strip() == figures.rpartition("plan: ")[2]
    assert page.evaluate("document.activeElement.closest('tr').className") == "picked", "the reader goes on from there"
    assert seen == []


def test_plans_side_by_side_show_as_they_are_chosen(page_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(page_file("comparison"))
    columns = page.locator("#choices ~ .scroll table").first.locator("thead th:visible")
    assert columns.all_text_contents()[-2:] == ["A", "B"]
    first, second = (page.get_by_role("checkbox", name=letter, exact=True) for letter in "AB")
    first.uncheck()
    assert columns.all_text_contents()[-1:] == ["B"]
    assert page.locator("#plans ~ .scroll tbody tr:visible").count() == 1
    assert page.locator(".chart path.faint").count() > 0
    assert second.is_disabled(), "one plan always shows"
    first.check()
    assert columns.all_text_contents()[-2:] == ["A", "B"]
    assert seen == []
    page, _ = opened(page_file("comparison"), script=False)
    assert page.locator("#choices ~ .scroll table").first.locator("thead th:visible").all_text_contents()[-2:] == [
        "A",
        "B",
    ]


def test_a_sweep_says_the_figures_of_its_marks_and_hides_series(page_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(page_file("sweep"))
    assert marks(page).count() > 0
    assert "leverage" in marks(page).first.locator("title").text_content()
    page, seen = opened(page_file("comparison"))
    figure = page.locator("figure").first
    drawn = "all => all.filter(each => each.style.display !== 'none').length"
    before = marks(page).evaluate_all(drawn)
    figure.get_by_role("checkbox", name="leverage").uncheck()
    assert marks(page).evaluate_all(drawn) == before - 2
    figure.get_by_role("checkbox", name="leverage").check()
    assert marks(page).evaluate_all(drawn) == before
    assert seen == []


def test_other_policies_of_many_regimes_are_told_as_they_are_known(tmp_path: Path, opened: Any) -> None:
    case = load_case("graphite-2023")
    plan = with_reasons(solve(case), most=100)
    write_page(page_of(read_results([str(publish(case, plan, tmp_path / "plan"))])), tmp_path / "page.html")
    page, seen = opened(tmp_path / "page.html")
    said, switches = page.locator("#what-if .said"), page.locator("#what-if select")
    regimes = list(plan.policies)
    assert switches.count() == len(regimes) > 2
    table = plan.tables["what_if"]
    table = table[table["budget"] == case.settings.limits.budget]
    states = set()
    for at, regime in enumerate(regimes):
        switches.nth(at).select_option(label="open")
        chosen = {**plan.policies, **dict.fromkeys(regimes[: at + 1], "open")}
        row = table[(table[[f"policy.{name}" for name in regimes]] == [chosen[name] for name in regimes]).all(axis=1)]
        (state,) = row["state"]
        states.add(state)
        assert {"exact": "exact", "at most": "at most", "no plan": "No plan"}[state] in said.text_content(), regime
    assert "at most" in states, "what there was no work for is bounded"
    assert seen == []


def test_a_buyer_has_no_policies_to_try(page_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(page_file("buyer"))
    assert page.locator("#what-if").count() == 0
    assert page.get_by_text("Limits", exact=True).first.is_visible()
    assert seen == []


def test_without_scripts_marks_say_their_figures_too(page_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(page_file("frontier"), script=False)
    assert "plan: " in marks(page).nth(1).locator("title").text_content()
    assert page.locator("button, input, select").count() == 0
    assert seen == []
