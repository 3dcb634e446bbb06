"""Pages in a real browser: no errors, no requests, no sideways scrolling, readable, usable without a mouse."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sluicegate import Plan, evaluate
from sluicegate.data.shipped import shipped_cases
from sluicegate.report.page.page import page_of, read_results, write_page

from sluicegate_testing.browsing import CHROMIUM, CONTRAST, LETTERS, REACHED, SPILLS, sideways
from sluicegate_testing.results import frontier_folder, publish, sweep_folder

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

CASES = tuple(case.name for case in shipped_cases())
SLOW = ("taiwan-korea-mid-2026",)
"""Cases that take too long to be solved for a page."""

WIDTHS = (1280, 390)

MOST_PRINTED = 8
"""Pages that a plan takes on paper; the appendix of assumed figures comes after them, in letters that can be read."""

EVERY_WIDTH = (390, 700, 768, 1280, 1440)


@pytest.fixture(scope="session")
def shipped_file(shared: Path, shipped_page: Callable[[str], str]) -> Callable[[str], Path]:
    """Return what gives the file of a shipped case's page."""

    def file(name: str) -> Path:
        shipped_page(name)
        return shared / f"{name}.html"

    return file


@pytest.fixture(scope="session")
def page_of_case(shipped_file: Callable[[str], Path], open_page: Callable[[str], Path]) -> Callable[[str], Path]:
    """Return what gives the file of a page of any shipped case: solved where that is quick, else with nothing done."""
    return lambda name: open_page(name) if name in SLOW else shipped_file(name)


@pytest.mark.parametrize("name", CASES)
def test_every_shipped_case_can_be_read_by_all(page_of_case: Callable[[str], Path], opened: Any, name: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page, seen = opened(page_of_case(name))
    for width in EVERY_WIDTH:
        page.set_viewport_size({"width": width, "height": 900})
        assert sideways(page) <= 0
        assert page.evaluate(LETTERS) == []
        assert page.evaluate(SPILLS) == []
    # What is folded away must not be too wide either.
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert sideways(page) <= 0
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
        assert dark == (scheme == "dark")
        assert page.evaluate(CONTRAST) == []
        # The page lets no script run but its own; axe comes in by the debugger.
        found = axe.run(page).response["violations"]
        assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found] == []
    assert seen == []


@pytest.mark.parametrize("name", CASES)
def test_every_shipped_case_keeps_to_its_pages_on_paper(
    page_of_case: Callable[[str], Path], opened: Any, name: str
) -> None:
    page, _ = opened(page_of_case(name))
    page.emulate_media(media="print")
    page.add_style_tag(content="details.appendix { display: none !important; }")
    assert 2 <= printed(page.pdf(format="A4")) <= MOST_PRINTED


def printed(content: bytes) -> int:
    """Pages of a PDF."""
    return content.count(b"/Type /Page\n") or content.count(b"/Type /Page ")


def test_prints(shipped_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(shipped_file("taiwan-korea"), 1280, "dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    whole = page.pdf(format="A4")
    assert whole.startswith(b"%PDF")
    assert seen == []
    letters = page.evaluate("parseFloat(getComputedStyle(document.getElementById('appendix')).fontSize)")
    assert round(letters * 72 / 96, 2) >= 7
    page.add_style_tag(content="details.appendix { display: none !important; }")
    assert 5 <= printed(page.pdf(format="A4")) <= MOST_PRINTED < printed(whole)


def test_can_be_used_without_a_mouse(shipped_file: Callable[[str], Path], opened: Any) -> None:
    page, _ = opened(shipped_file("tutorial"), 390)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0, "shown when it has the focus"
    places = [0.0]
    count = page.evaluate(f"{REACHED}.length")
    for _ in range(count - 1):
        page.keyboard.press("Tab")
        places.append(page.evaluate("document.activeElement.getBoundingClientRect().top + window.scrollY"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    # What stands in one line is not equally high.
    assert all(after > before - 60 for before, after in pairwise(places)), "from top to bottom"
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelectorAll('details[open]').length") == 1


def test_is_told_to_those_who_do_not_see_it(shipped_file: Callable[[str], Path], opened: Any) -> None:
    page, _ = opened(shipped_file("tutorial"))
    for role in ("banner", "main", "navigation", "contentinfo"):
        assert page.get_by_role(role).count() == 1
    pictures = page.get_by_role("img")
    assert pictures.count() > 5
    assert all(
        name and name.strip() for name in pictures.evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")
    )
    assert page.get_by_role("region", name="Policies", exact=True).count() == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_a_hostile_case_stays_harmless_and_laid_out(
    hostile_plan: Plan, tmp_path: Path, opened: Any, width: int
) -> None:
    folder = publish(hostile_plan.case, hostile_plan, tmp_path / "hostile")
    other = publish(hostile_plan.case, evaluate(hostile_plan.case), tmp_path / "other")
    studies = [
        frontier_folder(hostile_plan.case, tmp_path / "curve"),
        sweep_folder(hostile_plan.case, tmp_path / "doubts"),
    ]
    for names in ([folder], [folder, other], studies[:1], studies[1:]):
        target = tmp_path / "page.html"
        write_page(page_of(read_results([str(name) for name in names])), target)
        page, seen = opened(target, width)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert seen == []
        assert sideways(page) <= 0
        assert page.locator("h1").is_visible(), "a style in a name would hide everything"
        assert page.locator("script:not([type]), img, iframe, a[href^='javascript']").count() == 1, "the page's own"


# With its script, and without --------------------------------------------------------------------------------------


def test_without_scripts_nothing_is_missing(shipped_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(shipped_file("tutorial"), script=False)
    assert seen == []
    assert page.locator("button, input, select").count() == 0
    assert page.get_by_text("What each decision is for").is_visible()
    assert page.locator("svg.map path.head").count() > 3
    page.get_by_text("One switch from the plan").click()
    assert page.get_by_role("region", name="What one other policy gives").is_visible()


def test_tables_are_sorted_filtered_and_taken_away(shipped_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(shipped_file("tutorial"))
    table = page.locator("section[aria-labelledby=scenarios] table")
    names = "all => all.map(each => each.textContent.trim())"
    before = table.locator("tbody th").evaluate_all(names)
    head = table.locator("thead button").nth(0)
    head.focus()
    page.keyboard.press("Enter")
    assert table.locator("tbody th").evaluate_all(names) == sorted(before, key=str.casefold)
    page.keyboard.press("Enter")
    assert table.locator("tbody th").evaluate_all(names) == sorted(before, key=str.casefold, reverse=True)
    assert table.locator("th[aria-sort=descending]").count() == 1
    figure = table.locator("thead button").nth(1)
    figure.click()
    column = [float(text.replace(",", "")) for text in table.locator("tbody td:nth-child(2)").all_text_contents()]
    assert column == sorted(column)
    with page.expect_download() as got:
        page.locator("section[aria-labelledby=scenarios] .tools button", has_text="CSV").click()
    rows = got.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == len(before) + 1 and rows[0].startswith('"Scenario')
    causes = page.locator("section[aria-labelledby=losses] input[type=search]").first
    if causes.count():
        causes.fill("dearer")
        assert page.locator("section[aria-labelledby=losses] tbody tr:visible").count() > 0
    assert seen == []


def test_a_scenario_and_a_week_move_charts_and_map(shipped_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(shipped_file("tutorial"))
    weeks, network = page.locator("[data-controls=weeks]"), page.locator("[data-controls=map]")
    weeks.locator("select").select_option("port-strike")
    assert network.get_by_label("Scenario").input_value() == "port-strike"
    assert page.locator("path.picked").count() > 0
    assert page.locator("path.picked").evaluate_all("all => all.every(each => each.dataset.scenario === 'port-strike')")
    slider = weeks.locator("input[type=range]")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "week 3"
    assert network.locator("input[type=range]").input_value() == "3"
    reading = page.locator("#weeks ~ .charts .reading").first
    assert reading.text_content().startswith("Week 3")
    assert "served" in reading.text_content() or "stock" in reading.text_content()
    drawn = "all => all.filter(each => each.style.display !== 'none').length"
    assert page.locator("svg .cursor").evaluate_all(drawn) > 0
    assert page.locator(".map g.link").evaluate_all("all => all.some(each => each.style.opacity !== '')")
    box = weeks.locator("fieldset input").first
    box.uncheck()
    hidden = "all => all.filter(each => each.dataset.scenario === 'none').every(each => each.style.display === 'none')"
    assert page.locator("path[data-scenario]").evaluate_all(hidden)
    weeks.get_by_role("button", name="all weeks").click()
    assert page.locator("svg .cursor").evaluate_all(drawn) == 0
    chart = page.locator("figure[data-key=ours0] svg")
    chart.hover()
    assert page.locator("figure[data-key=ours0] .reading").text_content().startswith("Week")
    assert seen == []


def test_fewer_weeks_are_drawn_by_keyboard_and_by_dragging(shipped_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(shipped_file("tutorial"))
    figure = page.locator("figure[data-key=counterpart0]")
    svg, labels = figure.locator("svg"), figure.locator("svg text")
    weeks = "all => all.filter(e => getComputedStyle(e).display !== 'none').map(e => e.textContent).filter(t => /^[0-9]+$/.test(t))"
    before = labels.evaluate_all(weeks)
    widths = "all => all.map(each => each.getBoundingClientRect().width)"
    (review,) = figure.locator("svg line[stroke-width='6']").evaluate_all(widths)
    first, last = page.get_by_role("spinbutton", name="from"), page.get_by_role("spinbutton", name="to")
    last.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    assert labels.evaluate_all(weeks) == ["0", "1", "2", "3", "4", "5"]
    assert figure.locator("svg line[stroke-width='6']").evaluate_all(widths) == pytest.approx([2 * review], rel=0.01)
    page.get_by_role("button", name="whole horizon").click()
    assert labels.evaluate_all(weeks) == before
    assert page.get_by_role("button", name="whole horizon").is_disabled()
    svg.scroll_into_view_if_needed()
    box, left = svg.bounding_box(), figure.locator("svg text", has_text="100%").bounding_box()
    start, wide = left["x"] + left["width"], box["x"] + box["width"] - left["x"] - left["width"]
    page.mouse.move(start + 0.35 * wide, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(start + 0.75 * wide, box["y"] + 60, steps=3)
    page.mouse.up()
    assert (first.input_value(), last.input_value()) == ("3", "7")
    reading = figure.locator(".reading")
    slider = page.locator("[data-controls=weeks] input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    assert reading.text_content().startswith("Week 0"), "a week outside is told"
    assert figure.locator(".cursor").evaluate_all("all => all.every(each => each.style.display === 'none')")
    svg.dblclick(position={"x": box["width"] / 2, "y": 60})
    assert (first.input_value(), last.input_value()) == ("0", "9")
    assert labels.evaluate_all(weeks) == before
    assert seen == []


def test_the_map_shows_where_an_item_goes_and_what_a_site_trades(
    shipped_file: Callable[[str], Path], opened: Any
) -> None:
    page, seen = opened(shipped_file("tutorial"))
    ends = "all => all.map(each => JSON.parse(each.dataset.ends))"
    lit, nodes = page.locator(".map g.link:not(.aside)"), page.locator(".map .node:not(.aside)")
    every, boxes = lit.evaluate_all(ends), nodes.count()
    controls = page.locator("[data-controls=map]")
    controls.get_by_label("Item").select_option("Chip")
    chips = lit.evaluate_all("all => all.map(each => JSON.parse(each.dataset.items))")
    assert 0 < len(chips) < len(every) and all("Chip" in items for items in chips)
    controls.get_by_label("Item").select_option("")
    controls.get_by_label("Site").select_option(label="Device makers")
    around = lit.evaluate_all(ends)
    (site,) = page.locator(".map .node", has_text="Device makers").evaluate_all("all => all.map(e => e.dataset.site)")
    assert around == [pair for pair in every if site in pair] and 0 < len(around) < len(every)
    assert nodes.count() == len({site for pair in around for site in pair}) < boxes
    controls.get_by_label("Site").select_option("")
    assert lit.evaluate_all(ends) == every
    box = page.locator(".map .node", has_text="Device makers")
    box.hover()
    assert lit.evaluate_all(ends) == around
    box.click()
    page.mouse.move(0, 0)
    assert lit.evaluate_all(ends) == around, "a click keeps it"
    assert seen == []


@pytest.mark.parametrize("script", [True, False])
def test_terms_are_explained_where_they_first_stand(
    shipped_file: Callable[[str], Path], opened: Any, script: bool
) -> None:
    page, seen = opened(shipped_file("tutorial"), 390, script=script)
    term = page.locator("a.term", has_text="worst package")
    assert term.count() == 1
    term.focus()
    says = page.locator(f"#{term.get_attribute('aria-describedby')}").text_content()
    assert says == "The package that leaves us the least leverage; none, no retaliation, is one of them."
    assert term.evaluate("each => getComputedStyle(each, '::after').content") == f'"{says}"'
    assert sideways(page) <= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#term-worst-package"), "the meanings stand at the end too"
    assert page.locator("dd:target").text_content() == says
    assert seen == []


def test_other_policies_are_tried(shipped_file: Callable[[str], Path], opened: Any) -> None:
    page, seen = opened(shipped_file("tutorial"))
    said = page.locator("#what-if .said")
    assert "as in the plan" in said.text_content() and "exact" in said.text_content()
    switches = page.locator("#what-if select")
    switches.nth(0).select_option(label="open")
    assert "worse than the plan" in said.text_content()
    slider = page.locator("#what-if input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    assert "7.5" in page.locator("#what-if output").text_content()
    page.get_by_role("button", name="back to the plan").click()
    assert "as in the plan" in said.text_content()
    assert seen == []


@pytest.mark.parametrize("width", EVERY_WIDTH)
def test_fits_every_width(shipped_file: Callable[[str], Path], opened: Any, width: int) -> None:
    page, _ = opened(shipped_file("tutorial"), width)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert sideways(page) <= 0
    row = page.locator("section[aria-labelledby=policies] table.cards tbody tr").first
    assert row.evaluate("each => getComputedStyle(each).display") == ("block" if width <= 700 else "table-row")
    letters = "Math.min(...[...document.querySelectorAll('.map text')].map(each => parseFloat(getComputedStyle(each).fontSize)))"
    assert page.evaluate(letters) >= 11
    assert (
        page.evaluate(
            "(m => m.getBoundingClientRect().width / m.viewBox.baseVal.width)(document.querySelector('.map'))"
        )
        >= 0.99
    )
